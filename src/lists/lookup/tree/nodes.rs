//! A static B+-tree: sorted keys, a number for each; finds the last key that is not above another.
//!
//! A node is 16 keys, one cache line of 32-bit ones. The upper levels hold, for each node but the
//! first below them, its first key, and together are a sixteenth of the lowest, so that they stay
//! in the processor's caches. In the lowest level the numbers lie behind their keys. No node points
//! to another: where it lies follows from the one above.
//!
//! The head is one line: how many levels, then of each where it begins and which node is its last.

use crate::shm::os;

/// Bytes of a cache line.
pub const LINE: usize = 64;

/// Keys of a node.
const KEYS: usize = 16;

/// Nodes below a node.
const CHILDREN: usize = KEYS + 1;

/// Levels at the most: as many as the head has room for, enough for 386 million keys.
const LEVELS: usize = 7;

/// What is sorted.
pub trait Key: Copy + Ord {
    /// Bytes of one.
    const BYTES: usize;
    /// What fills a node up.
    const GREATEST: Self;

    /// Writes it.
    fn put(self, bytes: &mut Vec<u8>);
    /// How many keys of a node are not above this one. Without a branch, so that the compiler
    /// compares several at once.
    fn rank(self, node: &[u8]) -> usize;
}

macro_rules! key {
    ($type:ty) => {
        impl Key for $type {
            const BYTES: usize = size_of::<Self>();
            const GREATEST: Self = Self::MAX;

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn rank(self, node: &[u8]) -> usize {
                let Some(node) = node.first_chunk::<{ KEYS * size_of::<$type>() }>() else {
                    return 0;
                };
                let (keys, _) = node.as_chunks::<{ size_of::<$type>() }>();
                let not_above =
                    |key: &[u8; size_of::<$type>()]| Self::from(Self::from_le_bytes(*key) <= self);
                keys.iter().map(not_above).sum::<Self>() as usize
            }
        }
    };
}

key!(u32);
key!(u64);

/// The number at this place.
#[inline]
pub fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*word))
}

/// Appends a tree, and returns the line that it begins at. The first key is the lowest there is.
#[allow(clippy::cast_possible_truncation)] // lines and nodes: 2³² of them would be 256 GB
pub fn write<K: Key>(bytes: &mut Vec<u8>, keys: &[(K, u32)]) -> u32 {
    bytes.resize(bytes.len().next_multiple_of(LINE), 0);
    let start = bytes.len();
    // From the lowest level up: the first keys of its nodes.
    let mut firsts: Vec<Vec<K>> = vec![keys.chunks(KEYS).map(|node| node[0].0).collect()];
    while let Some(below) = firsts.last().filter(|below| below.len() > 1) {
        firsts.push(below.chunks(CHILDREN).map(|children| children[0]).collect());
    }
    let levels = firsts.len();
    debug_assert!(levels <= LEVELS);
    let mut head = vec![levels as u32, 0];
    bytes.resize(start + LINE, 0);
    for level in (0..levels).rev() {
        head.push(((bytes.len() - start) / LINE) as u32);
        head.push(firsts[level].len().saturating_sub(1) as u32);
        match level.checked_sub(1) {
            Some(below) => {
                for children in firsts[below].chunks(CHILDREN) {
                    put_node(bytes, children[1..].iter().copied());
                }
            }
            None => put_leaves(bytes, keys),
        }
    }
    for (word, place) in head
        .iter()
        .zip(bytes[start..].chunks_exact_mut(4).take(KEYS))
    {
        place.copy_from_slice(&word.to_le_bytes());
    }
    (start / LINE) as u32
}

fn put_leaves<K: Key>(bytes: &mut Vec<u8>, keys: &[(K, u32)]) {
    for leaf in keys.chunks(KEYS) {
        put_node(bytes, leaf.iter().map(|&(key, _)| key));
        let last = leaf[leaf.len() - 1].1;
        for place in 0..KEYS {
            // Filled up with the last one: the greatest of all keys is not above what fills a node.
            let number = leaf.get(place).map_or(last, |&(_, number)| number);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
}

fn put_node<K: Key>(bytes: &mut Vec<u8>, keys: impl Iterator<Item = K>) {
    for key in keys.chain(core::iter::repeat(K::GREATEST)).take(KEYS) {
        key.put(bytes);
    }
}

/// The number of the last key that is not above this one, in the tree that begins at this line.
#[inline]
pub fn find<K: Key>(bytes: &[u8], line: u32, key: K) -> Option<u32> {
    let tree = bytes.get(line as usize * LINE..)?;
    let head = tree.first_chunk::<LINE>()?;
    let levels = word(head, 0)? as usize;
    let mut node = 0;
    for level in 1..levels.min(LEVELS) {
        let at = word(head, level * 8)? as usize * LINE + node * KEYS * K::BYTES;
        let rank = key.rank(tree.get(at..)?);
        // The greatest of all keys is not above what fills a node, either.
        let last = word(head, level * 8 + 12)? as usize;
        node = (node * CHILDREN + rank).min(last);
    }
    let at = word(head, levels.min(LEVELS) * 8)? as usize * LINE;
    let leaf = tree.get(at + node * KEYS * (K::BYTES + 4)..)?;
    let numbers = leaf.get(KEYS * K::BYTES..)?;
    os::prefetch(numbers.first()?); // on its way while the keys are compared
    word(numbers, key.rank(leaf).checked_sub(1)? * 4)
}
