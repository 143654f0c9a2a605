//! Images that come and go, readers that are pinned.

use super::*;

fn arena(bytes: usize) -> Arena {
    let mut region = Region::new(Arena::ROOM).unwrap();
    Arena::new(&mut region, bytes).unwrap()
}

/// The same arena, seen by another process: with a home of its own.
fn other_process(
    arena: &Arena,
    epoch: &'static AtomicU64,
    readers: &'static [ReaderSlot],
) -> Arena {
    process_at(arena, epoch, readers, Box::leak(Box::default()))
}

/// The same with this home, which is zero after a fork.
fn process_at(
    arena: &Arena,
    epoch: &'static AtomicU64,
    readers: &'static [ReaderSlot],
    home: &'static AtomicU64,
) -> Arena {
    Arena {
        start: arena.start,
        capacity: arena.capacity,
        slots: arena.slots,
        retired: arena.retired,
        retired_in: arena.retired_in,
        writer: arena.writer,
        pins: Pins::over(readers, epoch, home),
    }
}

#[test]
fn an_image_is_read_as_it_was_published() {
    let arena = arena(1 << 20);
    assert_eq!(arena.pin().image(0), None);
    assert_eq!(
        (arena.pin().generation(0), arena.pin().loaded_ms(0)),
        (0, 0)
    );
    for (slot, image) in [
        (0, &b"first"[..]),
        (63, &[7; 5000]),
        (1, b""),
        (0, b"second"),
    ] {
        arena.publish(slot, image, 42).unwrap();
        assert_eq!(arena.pin().image(slot), Some(image));
        assert_eq!(arena.pin().loaded_ms(slot), 42);
        assert!(arena.pin().generation(slot) > 0, "0: none");
    }
    assert!(arena.pin().generation(0) > arena.pin().generation(1));
    assert!(arena.pin().generation(1) > arena.pin().generation(63));
    arena.clear(0);
    assert_eq!((arena.pin().image(0), arena.pin().generation(0)), (None, 0));
    assert_eq!(arena.pin().image(63), Some(&[7; 5000][..]));
    assert_eq!(arena.pin().image(SLOTS), None);
}

#[test]
fn images_begin_at_a_cache_line() {
    let arena = arena(1 << 20);
    arena.publish(3, &[1; 100], 1).unwrap();
    assert_eq!(arena.pin().image(3).unwrap().as_ptr().align_offset(64), 0);
}

#[test]
fn a_pinned_image_stays_and_its_memory_is_used_again_afterwards() {
    let arena = arena(4 * os::PAGE);
    let image = |byte: u8| vec![byte; os::PAGE]; // two pages, with the head
    arena.publish(0, &image(1), 1).unwrap();
    let pin = arena.pin();
    let first = pin.image(0).unwrap();
    arena.publish(0, &image(2), 2).unwrap();
    assert_eq!(arena.used_bytes(), 4 * os::PAGE);
    let refused = arena.publish(0, &image(3), 3).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("lists_memory=0: too small: the list takes 1 MB beside 1 MB"),
        "{refused}"
    );
    assert_eq!(first, image(1));
    assert_eq!(pin.image(0).unwrap(), image(2));
    drop(pin);
    for byte in 3..100 {
        arena.publish(0, &image(byte), 3).unwrap();
        assert_eq!(arena.pin().image(0).unwrap(), image(byte));
        assert_eq!(arena.used_bytes(), 2 * os::PAGE);
    }
    arena.clear(0);
    assert_eq!(arena.used_bytes(), 0);
    // SAFETY: inside the mapping, and no slot names any of it: nobody writes there.
    let pages = unsafe { core::slice::from_raw_parts(arena.start, arena.capacity) };
    assert!(pages.iter().all(|&byte| byte == 0), "the kernel has them");
}

#[test]
fn what_fits_is_published_to_the_last_byte_and_what_does_not_is_refused() {
    let capacity = 8 * os::PAGE;
    let arena = arena(capacity);
    // (pages that an image takes, pages that others take)
    for (slot, (pages, taken)) in [(9, 0), (3, 0), (6, 3), (5, 3)].into_iter().enumerate() {
        let (wanted, used) = (pages * os::PAGE, taken * os::PAGE);
        let image = vec![1; wanted - HEAD];
        let fits = pages + taken <= 8;
        let full = || NoRoom::Full {
            wanted,
            used,
            capacity,
        };
        let published = arena.publish(slot, &image, 1);
        assert_eq!(
            published.err(),
            (!fits).then(full),
            "{pages} beside {taken}"
        );
        assert_eq!(arena.pin().image(slot), fits.then_some(&image[..]));
    }
}

/// A lack of memory shows before anything is written (since Linux 5.14).
#[test]
fn the_pages_of_an_image_are_taken_before_it_is_written() {
    let arena = arena(16 * os::PAGE);
    let bytes = 9 * os::PAGE;
    let start = arena.take(ImagePlace::at(0, bytes)).unwrap();
    let mut is_there = [0_u8; 9];
    // SAFETY: the range lies in the mapping, and there is a byte for each of its pages.
    let asked = unsafe { libc::mincore(start.cast(), bytes, is_there.as_mut_ptr()) };
    assert_eq!((asked, is_there.map(|page| page & 1)), (0, [1; 9]));
}

/// Threads of one process whose pins overlap without end: each pin is dropped after the next one is
/// taken.
#[test]
fn pins_that_overlap_without_end_let_go() {
    let arena = arena(16 * os::PAGE);
    let mut last = arena.pin();
    for round in 0..100_u8 {
        arena.publish(0, &[round; 100], 1).unwrap();
        let next = arena.pin();
        assert_eq!(next.image(0), Some(&[round; 100][..]));
        last = next;
        arena.tidy();
        assert!(
            arena.used_bytes() <= 3 * os::PAGE,
            "round {round}: {}",
            arena.used_bytes()
        );
    }
    drop(last);
}

#[test]
fn pins_may_be_nested() {
    let arena = arena(16 * os::PAGE);
    arena.publish(0, b"one", 1).unwrap();
    let outer = arena.pin();
    let one = outer.image(0).unwrap();
    for _ in 0..3 {
        let inner = arena.pin();
        arena.publish(0, b"two", 1).unwrap();
        assert_eq!(inner.image(0), Some(&b"two"[..]));
    }
    assert_eq!(one, b"one");
}

#[test]
fn one_process_writes_at_a_time() {
    let arena = arena(1 << 20);
    let writing = arena.begin_writing().ok().unwrap();
    assert_eq!(arena.publish(0, b"image", 1), Err(NoRoom::Busy));
    drop(writing);
    assert_eq!(arena.publish(0, b"image", 1), Ok(()));
    // A writer that has died: of its number, and older than this process.
    arena
        .writer
        .store(u64::from(std::process::id()) << 42, Ordering::Relaxed);
    assert_eq!(arena.publish(0, b"image", 1), Ok(()));
}

#[test]
fn a_slot_that_is_not_there_is_named() {
    let refused = arena(1 << 20).publish(SLOTS, b"image", 1).unwrap_err();
    assert_eq!(refused.to_string(), "there is no slot 64 for a list");
}

/// With the word of a slot in both places, its image is neither given back nor counted twice.
#[test]
fn a_writer_that_died_before_it_changed_the_slot() {
    let arena = arena(1 << 20);
    arena.publish(0, b"image", 1).unwrap();
    arena.retired[5].store(arena.slots[0].load(Ordering::Relaxed), Ordering::Relaxed);
    arena.retired_in[5].store(NOT_YET, Ordering::Relaxed);
    assert_eq!(arena.used_bytes(), os::PAGE);
    arena.tidy();
    assert_eq!(arena.retired[5].load(Ordering::Relaxed), 0);
    assert_eq!(arena.pin().image(0), Some(&b"image"[..]));
}

#[test]
fn more_processes_than_seats_share_the_last_one() {
    let mut region = Region::new(Arena::ROOM + room_for::<ReaderSlot>(3) + 128).unwrap();
    let arena = Arena::new(&mut region, 1 << 20).unwrap();
    let readers = region.array::<ReaderSlot>(3).unwrap();
    let epoch = &region.array::<AtomicU64>(1).unwrap()[0];
    let processes: Vec<Arena> = (0..5)
        .map(|_| other_process(&arena, epoch, readers))
        .collect();
    let [writer, readers @ ..] = &processes[..] else {
        unreachable!()
    };
    writer.publish(0, b"one", 1).unwrap();
    let pins: Vec<Pin<'_>> = readers.iter().map(Arena::pin).collect();
    let seen: Vec<&[u8]> = pins.iter().map(|pin| pin.image(0).unwrap()).collect();
    writer.publish(0, b"two", 1).unwrap();
    assert!(seen.iter().all(|image| *image == b"one"));
    assert_eq!(writer.used_bytes(), 2 * os::PAGE);
    for (dropped, pin) in pins.into_iter().enumerate() {
        writer.tidy();
        assert_eq!(writer.used_bytes(), 2 * os::PAGE, "{dropped} dropped");
        drop(pin);
    }
    writer.tidy();
    assert_eq!(writer.used_bytes(), os::PAGE);
}

#[test]
fn the_seat_of_a_dead_process_is_free_and_its_pins_are_gone() {
    let mut region = Region::new(Arena::ROOM + room_for::<ReaderSlot>(2) + 128).unwrap();
    let arena = Arena::new(&mut region, 1 << 20).unwrap();
    let readers = region.array::<ReaderSlot>(2).unwrap();
    let epoch = &region.array::<AtomicU64>(1).unwrap()[0];
    let dead = other_process(&arena, epoch, readers);
    dead.publish(0, b"one", 1).unwrap();
    core::mem::forget(dead.pin());
    let living = other_process(&arena, epoch, readers);
    living.publish(0, b"two", 1).unwrap();
    assert_eq!(living.used_bytes(), 2 * os::PAGE, "it is pinned");
    // Older than the process that has its number now.
    readers[1]
        .owner
        .store(u64::from(std::process::id()) << 42, Ordering::Relaxed);
    living.tidy();
    assert_eq!(living.used_bytes(), os::PAGE);
    assert_eq!(living.pin().image(0), Some(&b"two"[..]));
    assert_eq!(living.pins.home(), 2, "its reader is taken over");
}

#[test]
fn a_pin_of_the_parents_is_none_in_a_child_and_stays_the_parents() {
    let mut region = Region::new(Arena::ROOM + room_for::<ReaderSlot>(3) + 128).unwrap();
    let arena = Arena::new(&mut region, 1 << 20).unwrap();
    let readers = region.array::<ReaderSlot>(3).unwrap();
    let epoch = &region.array::<AtomicU64>(1).unwrap()[0];
    let home: &AtomicU64 = Box::leak(Box::default());
    let parent = process_at(&arena, epoch, readers, home);
    parent.publish(0, b"one", 1).unwrap();
    let pin = parent.pin();
    assert_eq!(pin.image(0), Some(&b"one"[..]));
    home.store(0, Ordering::Relaxed);
    assert_eq!(pin.image(0), None);
    drop(pin);
    parent.publish(0, b"two", 1).unwrap();
    assert_eq!(parent.used_bytes(), 2 * os::PAGE, "the parent reads on");
}

#[test]
fn what_a_place_is() {
    for (page, bytes) in [(0, 0), (0, 1), (7, 4096), (1 << 25, MAX - 1)] {
        let place = ImagePlace::at(page, bytes);
        assert_eq!(ImagePlace::of(place.word()), Some(place));
    }
    assert_eq!(ImagePlace::of(0), None);
}

const MAX: usize = place::MAX_BYTES;
