"""Small imitations of logs of what people rated, watched and listened to."""

import gzip
import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from written import Written, joined, moments, write_lines


def movielens_1m(raw: Path, random: Random) -> Written:
    written = Written()
    ratings = []
    days = {
        "train": "2000-04-26 2000-11-30",
        "valid": "2000-12-01 2000-12-28",
        "test": "2000-12-29 2001-02-03",
    }
    for part, at in moments(random, **days):
        user, stars = random.randrange(1, 9), random.randrange(1, 6)
        movie = random.randrange(1, 31)
        ratings.append(joined("::", user, movie, stars, int(at.timestamp())))
        written.add(part, user, like=stars >= 4, favourite=stars == 5)
    write_lines(raw / "ratings.dat", ratings)
    ages = [1, 18, 25, 35, 45, 50, 56]
    write_lines(
        raw / "users.dat",
        (
            joined("::", user, random.choice("FM"), random.choice(ages), user, f"0{user}460")
            for user in range(1, 9)
        ),
    )
    genres = ["Action", "Children's", "Comedy", "Film-Noir"]
    write_lines(
        raw / "movies.dat",
        (
            joined("::", m, f'"Café {m}, (Part' + " 2) (1995)", "|".join(random.sample(genres, 2)))
            for m in range(1, 31)
        ),
        "latin-1",
    )
    written.misses = {"users": 0, "movies": 0}
    return written


def kuairec(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2020-07-05 2020-08-29",
        "valid": "2020-08-30 2020-09-02",
        "test": "2020-09-03 2020-09-05",
    }
    rows = ["user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio"]
    daily: dict[tuple[int, str], str] = {}
    missed = 0
    for part, at in moments(random, "Asia/Shanghai", **days):
        user, video, length = random.randrange(6), random.randrange(20), 8000
        played = random.choice([800, 7900, 8000, 15999, 16000, 30001])
        at = at.replace(microsecond=random.choice([0, 438000, 70000]))
        clock = at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3].rstrip("0").rstrip(".")
        day = at.strftime("%Y%m%d")
        rows.append(
            joined(",", user, video, played, length, clock, day, at.timestamp(), played / length)
        )
        written.add(part, user, like=played >= 16000, finish=played >= 8000)
        if video == 7:
            missed += 1
        else:
            daily[video, day] = joined(",", video, day, video + 100, "NORMAL", "ShortImport", 5)
    write_lines(raw / "data/big_matrix.csv", rows)
    header = "video_id,date,author_id,video_type,upload_type,show_cnt"
    write_lines(raw / "data/item_daily_features.csv", [header, *daily.values()])
    header = "user_id,user_active_degree,follow_user_num_range,register_days"
    write_lines(
        raw / "data/user_features.csv",
        [f"{header},onehot_feat0,onehot_feat4"]
        + [f'{u},high_active,"(0,10]",{50 * u},{u % 2},{"" if u == 3 else 3.0}' for u in range(6)],
    )
    write_lines(
        raw / "data/item_categories.csv",
        ["video_id,feat", *(f'{v},"{[v % 5] if v % 2 else [27, v % 5, 9]}"' for v in range(20))],
    )
    written.misses = {"users": 0, "categories": 0, "daily": missed}
    return written


def amazon_reviews_2023(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2016-01-01 2020-12-31",
        "valid": "2021-01-01 2021-12-31",
        "test": "2022-01-01 2023-09-01",
    }
    reviews = []
    for part, at in moments(random, **days):
        user, stars = f"AE{random.randrange(8):04}", random.randrange(1, 6)
        product, verified = f"{random.randrange(12):010}", random.random() < 0.5
        reviews.append(
            {
                "rating": float(stars),
                "title": 'a "title"',
                "text": "two\nlines",
                "images": []
                if stars > 1
                else [{"small_image_url": "u", "attachment_type": "IMAGE"}],
                "asin": product,
                "parent_asin": product,
                "user_id": user,
                "timestamp": int(at.timestamp() * 1000) + 795,
                "helpful_vote": 0,
                "verified_purchase": verified,
            }
        )
        written.add(part, user, like=stars >= 4, verified=verified)
    products = [
        {
            "main_category": None if number == 3 else "Video Games",
            "title": "a product",
            "average_rating": 4.1,
            "rating_number": 31,
            "features": ["one", "two"],
            "description": [],
            "price": [None, 14.99, "from 9.99"][number % 3],
            "store": f"store {number % 4}",
            "categories": ["Video Games", "Mac, Windows"][: number % 3],
            "details": {"Manufacturer": "SEGA"} if number % 2 else {"Brand": "x"},
            "parent_asin": f"{number:010}",
            "bought_together": None,
        }
        for number in range(12)
    ]
    for name, rows in (("Video_Games", reviews), ("meta_Video_Games", products)):
        with gzip.open(raw / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    written.misses = {"products": 0}
    return written


def yambda_flat(raw: Path, random: Random) -> Written:
    listens, likes, written = _listens(random)
    schema = {
        "uid": pa.uint32(),
        "timestamp": pa.uint32(),
        "item_id": pa.uint32(),
        "is_organic": pa.uint8(),
    }
    more = {"played_ratio_pct": pa.uint16(), "track_length_seconds": pa.uint32()}
    (raw / "flat/50m").mkdir(parents=True)
    _write(raw / "flat/50m/listens.parquet", listens, {**schema, **more})
    _write(raw / "flat/50m/likes.parquet", likes, schema)
    liked = {(like["uid"], like["item_id"]) for like in likes}
    for labels, listen in zip(written.labels, listens, strict=True):
        del labels["whole"]
        labels["like"] = (listen["uid"], listen["item_id"]) in liked
    written.misses = {"likes": sum(not labels["like"] for labels in written.labels)}
    written.events = {"likes": len(likes)}
    return written


def yambda_sequential(raw: Path, random: Random) -> Written:
    listens, _, written = _listens(random)
    rows = []
    for user in sorted({listen["uid"] for listen in listens}):
        own = sorted((e for e in listens if e["uid"] == user), key=lambda e: e["timestamp"])
        columns = [name for name in own[0] if name != "uid"]
        rows.append({"uid": user, **{name: [e[name] for e in own] for name in columns}})
    schema = {
        "uid": pa.uint32(),
        "item_id": pa.list_(pa.uint32()),
        "timestamp": pa.list_(pa.uint32()),
        "is_organic": pa.list_(pa.uint8()),
        "played_ratio_pct": pa.list_(pa.uint16()),
        "track_length_seconds": pa.list_(pa.uint32()),
    }
    (raw / "sequential/50m").mkdir(parents=True)
    _write(raw / "sequential/50m/listens.parquet", rows, schema)
    return written


def _listens(random: Random) -> tuple[list[dict[str, int]], list[dict[str, int]], Written]:
    """Listens, some likes, and what is known of the listens; both sorted as the files are."""
    days = {
        "train": "1970-01-01 1970-10-19",
        "valid": "1970-10-20 1970-10-27",
        "test": "1970-10-28 1970-10-28",
    }
    made = [(part, int(at.timestamp()) // 5 * 5) for part, at in moments(random, **days)]
    written, listens, likes = Written(), [], []
    events = sorted((random.randrange(100, 108), at, part) for part, at in made)
    for user, at, part in events:
        played = random.choice([3, 49, 50, 99, 100, 102])
        event = {
            "uid": user,
            "timestamp": at,
            "item_id": random.randrange(20),
            "is_organic": at % 2,
        }
        listens.append({**event, "played_ratio_pct": played, "track_length_seconds": 180})
        if random.random() < 0.3:
            likes.append({**event, "timestamp": at + 5})
        written.add(part, user, listen=played >= 50, whole=played >= 100)
    return listens, likes, written


def _write(path: Path, rows: list[dict[str, int]], schema: dict[str, pa.DataType]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(schema.items()))), path)
