"""Small imitations of logs of shops, news and short videos."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from written import Written, joined, moments, write_lines


def taobao_user_behavior(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2017-11-25 2017-12-01",
        "valid": "2017-12-02 2017-12-02",
        "test": "2017-12-03 2017-12-03",
    }
    made = moments(random, "Asia/Shanghai", **days)
    made.append(("test", datetime(2037, 4, 9, tzinfo=UTC)))
    rows = []
    for part, at in made:
        behavior = random.choice(["pv", "pv", "cart", "fav", "buy"])
        user, item = random.randrange(1, 9), random.randrange(30)
        rows.append((user, item, item % 7, behavior, int(at.timestamp())))
        written.add(part, user, buy=behavior == "buy", intent=behavior != "pv")
    write_lines(raw / "UserBehavior.csv", (joined(",", *row) for row in sorted(rows)))
    return written


def qk_video(raw: Path, random: Random) -> Written:
    written = Written()
    names = ["click", "follow", "like", "share"]
    rows = [f"user_id,item_id,{','.join(names)},video_category,watching_times,gender,age"]
    for user in range(1, 9):
        for number in range(10):
            part = "train" if number < 8 else "valid" if number == 8 else "test"
            labels = {name: random.random() < 0.5 for name in names}
            category = random.choice(["0", "1", r"\N"])
            flags = [int(label) for label in labels.values()]
            rows.append(joined(",", user, user * number, *flags, category, number % 3, 1, user % 4))
            written.add(part, user, **labels)
    write_lines(raw / "QK-video.csv", rows)
    return written


def yoochoose(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2014-04-01 2014-08-31",
        "valid": "2014-09-01 2014-09-15",
        "test": "2014-09-16 2014-09-29",
    }
    clicks, bought = [], {(session, 214536500 + session % 3) for session in range(0, 12, 2)}
    for part, at in moments(random, **days):
        session, item = random.randrange(12), 214536500 + random.randrange(3)
        category = random.choice(["0", "S", "3", "2089072193"])
        clicks.append(joined(",", session, f"{at:%Y-%m-%dT%H:%M:%S}.277Z", item, category))
        written.add(part, session, buy=(session, item) in bought)
    write_lines(raw / "yoochoose-clicks.dat", clicks)
    write_lines(
        raw / "yoochoose-buys.dat",
        (joined(",", s, "2014-08-08T10:00:00.000Z", item, 1046, 1) for s, item in sorted(bought)),
    )
    written.misses = {"buys": sum(not labels["buy"] for labels in written.labels)}
    return written


def mind(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2019-11-09 2019-11-13",
        "valid": "2019-11-14 2019-11-14",
        "test": "2019-11-15 2019-11-15",
    }
    rows: dict[str, list[str]] = {"train": [], "dev": []}
    # Every second moment is a row of the file, which packs two impressions.
    for part, at in sorted(moments(random, **days))[::2]:
        user = f"U{random.randrange(8)}"
        history = " ".join(f"N{random.randrange(30)}" for _ in range(random.randrange(4)))
        shown = []
        for news in random.sample(range(30), 2):
            click = random.random() < 0.5
            shown.append(f"N{news}-{int(click)}")
            written.add(part, user, click=click)
        lines = rows["dev" if part == "test" else "train"]
        clock = f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {at:%p}"
        lines.append(joined("\t", len(lines) + 1, user, clock, history, " ".join(shown)))
    for name, news in (("train", range(20)), ("dev", range(10, 30))):
        directory = raw / f"MINDsmall_{name}"
        write_lines(directory / "behaviors.tsv", rows[name])
        write_lines(
            directory / "news.tsv",
            (
                joined("\t", f"N{n}", "news", f"news{n % 4}", f'"A title {n}', "", "u", "[]", "[]")
                for n in news
            ),
        )
    written.misses = {"news": 0}
    return written
