//! What a window and a tag say, to the millisecond and to the bit.

use super::*;

const START_MS: u64 = 10_000;

/// A window that began at [`START_MS`].
fn window(hits: u64, was_hot: bool) -> Window {
    Window {
        hits,
        was_hot,
        ..Window::first(START_MS, 0)
    }
}

#[test]
fn what_is_hot_and_what_is_over() {
    // Hits, was the one before hot, age; is it hot, is it over, are its hits those of the one before.
    for (hits, was_hot, age_ms, is_hot, is_over, is_before) in [
        (5, false, 0, false, false, true),
        (5, false, 1999, false, false, true),
        (5, false, 2000, false, true, true),
        (5, true, 1999, true, false, true),
        (5, true, 2000, false, true, true),
        (6, false, 1999, true, false, true),
        (6, false, 2000, true, false, true),
        (6, false, 3999, true, false, true),
        (6, false, 4000, false, true, false),
        // A minute before its start comes round again, the clock that asks is behind.
        (6, false, 600_000, false, true, false),
        (6, false, (1 << 34) - 60_001, false, true, false),
        (6, false, (1 << 34) - 60_000, true, false, true),
    ] {
        let (window, now_ms) = (window(hits, was_hot), START_MS + age_ms);
        let at = format!("{window:?} after {age_ms} ms");
        assert_eq!(window.is_hot_at(now_ms, LIMIT), is_hot, "{at}");
        assert_eq!(window.is_over(now_ms, LIMIT), is_over, "{at}");
        let before = window.hits_before(now_ms, LIMIT);
        assert_eq!(before, if is_before { hits } else { 0 }, "{at}");
    }
}

#[test]
fn what_is_worth_keeping() {
    let now_ms = START_MS + 1000;
    let began = |start_ms, hits| Window {
        start_ms,
        hits,
        ..Window::default()
    };
    // Each is worth more than the one before. The first is over since long ago, the third forgotten.
    let worths = [
        began(0, 1),
        began(START_MS - 5000, 5),
        began(START_MS, 0),
        began(START_MS, 1),
        began(START_MS + 1, 1),
        began(START_MS, 2),
        began(START_MS, 5),
        began(START_MS, 6),
    ]
    .map(|window| window.worth(now_ms, LIMIT));
    assert!(worths[0] > 0, "a place that is free is worth less");
    assert!(worths.is_sorted_by(|one, two| one < two), "{worths:?}");
    // Also beside one that is over at the end of the clock's round.
    let last = began((1 << 34) - 120_000, 1).worth(now_ms, LIMIT);
    assert!(last < worths[2]);
}

#[test]
fn two_windows_of_one_source_are_one() {
    let check = |[one, two]: [(u64, bool); 2], expected: (u64, bool)| {
        let sum = window(one.0, one.1).with(window(two.0, two.1));
        assert_eq!((sum.hits, sum.was_hot), expected, "{one:?} and {two:?}");
    };
    check([(2, false), (3, false)], (5, false));
    check([(2, true), (1, false)], (3, true));
    check([(2, false), (1, true)], (3, true));
    check([(65_534, false), (1, false)], (65_535, false));
    check([(65_535, false), (65_535, false)], (65_535, false));
}

#[test]
fn a_tag_tells_sources_apart() {
    let v4 = |last: u128| Source {
        key: 0xffff_c000_0200 | last,
    };
    let v6 = Source { key: 1 << 100 };
    assert!(v4(1).v4().is_some());
    for source in [v4(1), v6] {
        for hash in [0x12, 0xfe] {
            assert_eq!(u64::from(SourceTag::of(source, hash).check()), hash);
        }
    }
    let tags = [
        SourceTag::of(v4(1), 0x12),
        SourceTag::of(v4(2), 0x12),
        SourceTag::of(v6, 0x12),
        SourceTag::of(v6, 0x13),
        SourceTag::of(v6, 1 << 46 | 0x12),
    ];
    for (at, tag) in tags.iter().enumerate() {
        let same: Vec<usize> = (0..tags.len())
            .filter(|&other| tag.is_of_same(tags[other].with_previous(7)))
            .collect();
        assert_eq!(same, [at]);
        assert_eq!(tag.with_previous(7).previous(), 7);
    }
}
