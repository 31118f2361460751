"""Small imitations of logs of ads."""

import gzip
from pathlib import Path
from random import Random

from written import Written, joined, moments, write_lines


def ali_ccp(raw: Path, random: Random) -> Written:
    written = Written()
    # 0.45 of 121 rows, then those of the training file, are before the parts that follow.
    parts = ["train"] * 55 + ["valid"] * 5 + ["test"] * 61
    rows = []
    for number, part in enumerate(parts):
        click = random.random() < 0.5
        order = click and random.random() < 0.5
        key = f"{random.randrange(8):016x}" if part != "test" else f"{random.randrange(8, 16):016x}"
        features = [("205", random.randrange(50)), ("206", random.randrange(9)), ("207", 3)]
        features += [("210", random.randrange(30)) for _ in range(number % 3)]
        features += [("508", 6), ("301", 1)]
        cell = _packed(features)
        rows.append(joined(",", number, int(click), int(order), key, len(features), cell))
        written.add(part, key, click=click, buy=order if click else None)
    write_lines(raw / "sample_skeleton_train.csv", rows[:60])
    write_lines(raw / "sample_skeleton_test.csv", rows[60:])
    for name, first in (("train", 0), ("test", 8)):
        users = []
        for user in range(first, first + 8):
            features = [("101", user), ("121", 9), ("124", user % 2), ("125", 4)]
            features += [("109_14", random.randrange(9)) for _ in range(user % 4)]
            features += [("150_14", random.randrange(30)) for _ in range(3)]
            users.append(joined(",", f"{user:016x}", len(features), _packed(features)))
        write_lines(raw / f"common_features_{name}.csv", users)
    written.misses = {"common": 0}
    return written


def _packed(features: list[tuple[str, int]]) -> str:
    return "\x01".join(f"{field}\x02{value}\x031.0" for field, value in features)


def criteo_kaggle(raw: Path, random: Random) -> Written:
    written = Written()
    ids = ["05db9164", "68fd1e64", "12345e07", "00000012", "8cf07265", None]
    rows = []
    for number in range(80):
        part = "train" if number < 64 else "valid" if number < 72 else "test"
        click = random.random() < 0.5
        counts = [random.choice([None, -1, 0, 3, 15706]) for _ in range(13)]
        rows.append(joined("\t", int(click), *counts, *(random.choice(ids) for _ in range(26))))
        written.add(part, click=click)
    write_lines(raw / "train.txt", rows)
    return written


def avazu(raw: Path, random: Random) -> Written:
    written = Written()
    names = "site_id,site_domain,site_category,app_id,app_domain,app_category,device_id"
    rows = [
        f"id,click,hour,C1,banner_pos,{names},device_ip,device_model,device_type,"
        "device_conn_type,C14,C15,C16,C17,C18,C19,C20,C21"
    ]
    days = {
        "train": "2014-10-21 2014-10-28",
        "valid": "2014-10-29 2014-10-29",
        "test": "2014-10-30 2014-10-30",
    }
    for number, (part, at) in enumerate(moments(random, **days)):
        click, device = random.random() < 0.5, random.choice(["12345678", "1e100000", "00000007"])
        hashes = [random.choice(["85f751fd", "28905ebd", "50e219e0"]) for _ in range(6)]
        rows.append(
            joined(
                *(",", 10000174058809263569 + number, int(click), at.strftime("%y%m%d%H"), 1005),
                *(random.randrange(2), *hashes, "a99f214a", device, "44956a24", 1, 0),
                *(15700 + random.randrange(9), 320, 50, 1722, 0, 35),
                *(random.choice([-1, 100084]), 79),
            )
        )
        written.add(part, device, click=click)
    with gzip.open(raw / "train.gz", "wt") as file:
        file.writelines(f"{row}\n" for row in rows)
    return written


def criteo_attribution(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "1970-01-01 1970-01-24",
        "valid": "1970-01-25 1970-01-27",
        "test": "1970-01-28 1970-01-31",
    }
    rows = []
    for part, at in sorted(moments(random, **days), key=lambda made: made[1]):
        seconds, user = int(at.timestamp()), 20073966 + random.randrange(8)
        click = random.random() < 0.5
        order = click and random.random() < 0.5
        conversion = [1, seconds + 900, 143066, 1] if order else [0, -1, -1, 0]
        clicks = [1, 0, 7] if click else [0, -1, -1]
        gap = random.choice([-1, 59, 86400])
        cats = [5824233 + random.randrange(3) for _ in range(9)]
        campaign = 22589171 + random.randrange(9)
        rows.append(
            joined("\t", seconds, user, campaign, *conversion, *clicks, 1e-05, 0.390794, gap, *cats)
        )
        written.add(part, user, click=click, conversion=order if click else None)
    header = (
        "timestamp uid campaign conversion conversion_timestamp conversion_id attribution click "
        "click_pos click_nb cost cpo time_since_last_click "
    ) + " ".join(f"cat{number}" for number in range(1, 10))
    with gzip.open(raw / "criteo_attribution_dataset.tsv.gz", "wt") as file:
        file.writelines(f"{row}\n" for row in [header.replace(" ", "\t"), *rows])
    return written


def taobao_display_ads(raw: Path, random: Random) -> Written:
    written = Written()
    days = {
        "train": "2017-05-06 2017-05-11",
        "valid": "2017-05-12 2017-05-12",
        "test": "2017-05-13 2017-05-13",
    }
    rows, missed = ["user,time_stamp,adgroup_id,pid,nonclk,clk"], 0
    for part, at in moments(random, "Asia/Shanghai", **days):
        user, click = random.randrange(500, 508), random.random() < 0.5
        pid = random.choice(["430548_1007", "430539_1007"])
        ad = random.randrange(1, 13)
        rows.append(joined(",", user, int(at.timestamp()), ad, pid, int(not click), int(click)))
        written.add(part, user, click=click)
        missed += user == 507
    write_lines(raw / "raw_sample.csv", rows)
    brands = ["NULL", 95471]
    write_lines(
        raw / "ad_feature.csv",
        [
            "adgroup_id,cate_id,campaign_id,customer,brand,price",
            *(
                joined(",", ad, 6261, 83237, ad % 4, brands[ad % 2], 170.5 + ad)
                for ad in range(1, 13)
            ),
        ],
    )
    write_lines(
        raw / "user_profile.csv",
        [
            "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,"
            "occupation,new_user_class_level ",
            *(
                joined(",", user, 0, 5, 2, 5, "", 3, 0, user % 5 or None)
                for user in range(500, 507)
            ),
        ],
    )
    events, known = ["user,time_stamp,btag,cate,brand"], 0
    for _, at in moments(random, **dict.fromkeys(days, "2017-04-22 2017-05-12")):
        tag = random.choice(["pv", "cart", "fav", "buy"])
        user = random.randrange(500, 510)
        events.append(joined(",", user, int(at.timestamp()), tag, 6261, 91286))
        known += user in written.users
    write_lines(raw / "behavior_log.csv", events)
    written.misses = {"ad_features": 0, "profiles": missed}
    written.events = {"behaviors": known}
    return written
