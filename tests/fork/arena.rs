//! The arena: several processes read while one writes, and any of them may die.

use super::processes::{Child, End, fork, on_stage};
use super::random::Random;
use super::shared::words;
use palisade::shm::arena::{Arena, NoRoom};
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::shm::os;
use palisade::shm::region::Region;
use std::thread::yield_now;

const SLOT: usize = 7;

/// Images are this large, and smaller.
const LARGEST: u64 = 16_000;

/// Little enough that the memory of every image is soon another's.
const MEMORY: usize = 96 << 10;

fn arena() -> Arena {
    let mut region = Region::new(Arena::ROOM).expect("shared memory");
    Arena::new(&mut region, MEMORY).expect("shared memory")
}

/// The image of this number: all its words say which it is, and its length does.
fn image(number: u64) -> Vec<u8> {
    let words = 1 + number * 37 % (LARGEST / 8);
    number.to_le_bytes().repeat(words as usize)
}

/// The number of an image, which is whole.
#[track_caller]
fn number_of(image: &[u8]) -> u64 {
    let number = u64::from_le_bytes(*image.first_chunk().expect("no image is empty"));
    assert_ne!(number, 0, "of memory that was given back");
    assert_eq!(image.len() as u64, 8 * (1 + number * 37 % (LARGEST / 8)));
    let differs = image
        .chunks(8)
        .position(|word| word != number.to_le_bytes());
    assert_eq!(differs, None, "image {number} is another one from there on");
    number
}

/// Publishes the image of this number, over and over, while readers keep the memory for others.
fn publish(arena: &Arena, number: u64) {
    loop {
        match arena.publish(SLOT, &image(number), number) {
            Ok(()) => return,
            Err(NoRoom::Full { .. } | NoRoom::Busy) => yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Reads until told to stop: each time the same image twice under one pin, and never an older one.
fn read(arena: &Arena, stop: &AtomicU64, reads: &AtomicU64) {
    let (mut last, mut generation) = (0, 0);
    while stop.load(SeqCst) == 0 {
        let pin = arena.pin();
        let first = pin.image(SLOT).expect("it is never empty");
        let number = number_of(first);
        let inner = arena.pin();
        let newer = number_of(inner.image(SLOT).expect("as above"));
        assert!(
            last <= number && number <= newer,
            "{last}, {number}, {newer}"
        );
        assert_eq!(number_of(first), number, "changed while it was pinned");
        assert!(pin.generation(SLOT) >= generation);
        (last, generation) = (newer, pin.generation(SLOT));
        reads.fetch_add(1, SeqCst);
    }
}

/// So many readers at work; each has read once.
fn readers(arena: &Arena, count: usize, stop: &AtomicU64) -> Vec<Child> {
    let reads = words(count);
    let children = reads
        .iter()
        .map(|reads| fork(|| read(arena, stop, reads)))
        .collect();
    while reads.iter().any(|reads| reads.load(SeqCst) == 0) {
        yield_now();
    }
    children
}

#[test]
fn readers_see_the_whole_old_image_or_the_whole_new_one() {
    on_stage(|| {
        let (arena, stop) = (arena(), &words(1)[0]);
        publish(&arena, 1);
        let readers = readers(&arena, 3, stop);
        for number in 2..3000 {
            publish(&arena, number);
        }
        stop.store(1, SeqCst);
        for reader in readers {
            assert_eq!(reader.wait(), End::Exited(0));
        }
        arena.tidy();
        let last = image(2999).len() + 64;
        assert_eq!(arena.used_bytes(), last.next_multiple_of(os::PAGE));
    });
}

#[test]
fn a_reader_that_is_killed_keeps_nothing() {
    on_stage(|| {
        let (arena, pinned) = (arena(), &words(1)[0]);
        for is_waited_for in [false, true] {
            publish(&arena, 1);
            arena.tidy();
            let used = arena.used_bytes();
            pinned.store(0, SeqCst);
            let reader = fork(|| {
                let _pin = arena.pin();
                pinned.store(1, SeqCst);
                loop {
                    yield_now();
                }
            });
            while pinned.load(SeqCst) == 0 {
                yield_now();
            }
            publish(&arena, 2);
            arena.tidy();
            assert!(arena.used_bytes() > used, "the reader may be reading");
            reader.kill();
            if is_waited_for {
                assert_eq!(reader.wait(), End::Killed(libc::SIGKILL));
            }
            publish(&arena, 1);
            // The stage's timeout ends a wait for ever.
            while arena.used_bytes() != used {
                arena.tidy();
                yield_now();
            }
            assert_eq!(arena.pin().image(SLOT).map(number_of), Some(1));
        }
    });
}

#[test]
fn a_pin_of_the_parent_is_none_of_the_child() {
    on_stage(|| {
        let arena = arena();
        publish(&arena, 1);
        let (pin, dropped) = (arena.pin(), arena.pin());
        let mine = pin.image(SLOT).expect("an image");
        let child = fork(|| {
            assert_eq!(pin.image(SLOT), None, "nothing keeps it for the child");
            let own = arena.pin();
            assert_eq!(own.image(SLOT).map(number_of), Some(1));
            drop(dropped);
            publish(&arena, 2);
            assert_eq!(own.image(SLOT).map(number_of), Some(2));
        });
        assert_eq!(child.wait(), End::Exited(0));
        for number in 3..100 {
            // Refused once the memory is full of what came after it.
            let _either = arena.publish(SLOT, &image(number), 1);
            assert_eq!(number_of(mine), 1, "the child has let go of it");
        }
        drop(pin);
        publish(&arena, 100);
    });
}

#[test]
fn writers_that_are_killed_leave_nothing_behind() {
    const KILLS: u64 = 40;
    on_stage(|| {
        let (arena, stop, random) = (arena(), &words(1)[0], &mut Random(1));
        let next = &words(1)[0];
        let write = || publish(&arena, next.fetch_add(1, SeqCst) + 1);
        write();
        let readers = readers(&arena, 1, stop);
        for _ in 0..KILLS {
            let before = next.load(SeqCst);
            let writer = fork(|| {
                loop {
                    write();
                }
            });
            while next.load(SeqCst) < before + 3 {
                yield_now();
            }
            for _ in 0..random.below(3000) {
                std::hint::spin_loop();
            }
            writer.kill();
            assert_eq!(writer.wait(), End::Killed(libc::SIGKILL));
        }
        write();
        stop.store(1, SeqCst);
        for reader in readers {
            assert_eq!(reader.wait(), End::Exited(0));
        }
        arena.tidy();
        let last = image(next.load(SeqCst)).len() + 64;
        assert_eq!(arena.used_bytes(), last.next_multiple_of(os::PAGE));
    });
}

#[cfg(feature = "failpoints")]
#[test]
fn a_writer_that_dies_while_it_publishes() {
    for (point, left) in [
        ("arena.copied", 1),
        ("arena.swapped", 2),
        ("arena.given_back", 2),
    ] {
        on_stage(|| {
            let arena = arena();
            let prepare = || publish(&arena, 1);
            super::failpoints::die_at(point, prepare, || publish(&arena, 2));
            assert_eq!(
                arena.pin().image(SLOT).map(number_of),
                Some(left),
                "{point}"
            );
            for number in 3..100 {
                publish(&arena, number);
                assert_eq!(arena.pin().image(SLOT).map(number_of), Some(number));
            }
            let last = image(99).len() + 64;
            assert_eq!(
                arena.used_bytes(),
                last.next_multiple_of(os::PAGE),
                "{point}"
            );
        });
    }
}
