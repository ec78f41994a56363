//! Heads as texts, and where ledgers differ.

use proptest::prelude::*;
use wavekeep_custody::merkle::{Tree, leaf_hash};
use wavekeep_custody::{Action, Entry, Hash, Head, HeadError, hash_of_line, lost_line};

fn tree(size: u64) -> Tree {
    Tree::of((0..size).map(|number| leaf_hash(&number.to_be_bytes())))
}

fn head(size: u64) -> Head {
    let Ok(head) = Head::of("0f".repeat(16), &tree(size), size, "2026-11-28T13:20:00Z".to_owned());
    head
}

#[test]
fn a_head_comes_back_from_its_text_whatever_its_size() {
    for size in [0, 1, 2, 255, 256, 257, 1000, 4096] {
        let head = head(size);
        assert_eq!(head.to_string().parse(), Ok(head.clone()), "{size}");
        assert_eq!(head.to_string().replace('\n', "\r\n").parse(), Ok(head.clone()), "{size}");
        assert_eq!(head.short().to_string().parse(), Ok(head.short()), "{size}");
        assert!(head.to_string().len() < 6000, "{size}");
    }
}

#[test]
fn size_and_root_as_they_are_printed_are_a_head() {
    let head = head(52);
    let read: Head = format!("52:{}\n", head.root).parse().unwrap();
    assert_eq!((read.size, read.root, read.blocks), (52, head.root, None));
}

#[test]
fn the_entry_that_differs_is_named_in_small_ledgers_and_its_block_in_large_ones() {
    for (size, changed) in [(3u64, 1u64), (256, 255), (1000, 500)] {
        let other = Tree::of((0..size).map(|number| match number == changed {
            true => leaf_hash(b"another"),
            false => leaf_hash(&number.to_be_bytes()),
        }));
        let head = head(size);
        let width = 1 << head.blocks.as_ref().unwrap().level;
        assert!(width <= size.div_ceil(128));
        let Ok(ranges) = head.differing(&other, size);
        let [(first, last)] = ranges[..] else { panic!("{ranges:?}") };
        assert!(first <= changed + 1 && changed < last && last - first < width, "{ranges:?}");
        let Ok(none) = head.differing(&tree(size), size);
        assert_eq!(none, []);
    }
}

#[test]
fn a_text_that_is_no_head_says_in_which_line() {
    let text = head(2).to_string();
    for (line, (from, to)) in (1..).zip([
        ("wavekeep head 1", "wavekeep tail 1"),
        ("archive 0f", "archive 0g"),
        ("size 2", "size -2"),
        ("root ", "root f"),
        ("time ", "Time "),
        ("blocks 1", "blocks 3"),
    ]) {
        match text.replace(from, to).parse::<Head>() {
            Err(HeadError::Malformed { line: found, .. }) => assert_eq!(found, line, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    assert!(matches!(
        text.replace("head 1", "head 2").parse::<Head>(),
        Err(HeadError::Newer { .. })
    ));
    assert!("".parse::<Head>().is_err());
    assert!("x".repeat(1 << 20).parse::<Head>().is_err());
}

#[test]
fn an_entry_comes_back_from_its_line_with_what_is_not_known() {
    let line = format!(
        "{{\"entry\":7,\"previous\":\"{}\",\"at\":\"2026-11-28T13:20:00Z\",\"who\":\"kim\",\"from\":\"::1\",\
         \"action\":\"review\",\"event\":{{\"id\":3,\"serial\":\"BE1\",\"filename\":\"a\"}},\"earlier\":2,\
         \"files\":{{\"a\":\"{}\"}},\"number\":1,\"new\":[1.5]}}",
        Hash::ZERO,
        Hash::of(b"")
    );
    let entry = Entry::parse(line.as_bytes()).unwrap();
    assert_eq!((entry.entry, entry.action, entry.earlier), (7, Action::Review, Some(2)));
    assert_eq!(entry.to_line(), line);
    let newer = line.replace("\"review\"", "\"frobnicate\"");
    assert_eq!(Entry::parse(newer.as_bytes()).unwrap().action, Action::Other);
}

#[test]
fn a_line_that_stands_for_a_lost_one_has_its_hash() {
    let line = "{\"entry\":1}";
    let lost = lost_line(1, &leaf_hash(line.as_bytes()));
    assert_eq!(hash_of_line(lost.as_bytes()), hash_of_line(line.as_bytes()));
    let text: serde_json::Value = serde_json::from_str(&lost).unwrap();
    assert_eq!(text["entry"], 1);
}

#[test]
fn a_line_that_says_more_than_that_another_is_lost_does_not_stand_for_it() {
    let lost = lost_line(1, &leaf_hash(b"{}"));
    for forged in [
        lost.replace("\"entry\":1", "\"entry\":1,\"action\":\"review\""),
        lost.replace("\"entry\":1", "\"entry\":01"),
        lost.replace("\"entry\":1", "\"entry\": 1"),
        format!("{lost} "),
    ] {
        assert_eq!(hash_of_line(forged.as_bytes()), leaf_hash(forged.as_bytes()), "{forged}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_head_or_an_error(text in "\\PC{0,200}", cut in 0usize..400) {
        let _ = text.parse::<Head>();
        let whole = head(5).to_string();
        let _ = whole[..cut.min(whole.len())].parse::<Head>();
    }

    #[test]
    fn any_bytes_are_an_entry_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::parse(&bytes);
        let _ = hash_of_line(&bytes);
    }
}
