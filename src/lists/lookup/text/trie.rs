//! A trie: texts that share their beginnings, one node for each byte after what came before it.
//!
//! Nodes lie in the order of their depth, the children of a node side by side, so that one cache
//! line tells both which child a byte leads to and where its own children are. The first nodes,
//! which most look-ups never leave, have a row besides: the next node for each byte.

use super::Key;
use crate::lists::lookup::tree::nodes::word;

/// Bytes of a node: its first child, its byte and how many children, where a search goes on that
/// fails here, its hits.
pub const NODE: usize = 16;

/// Bytes of a hit: an entry, and the next hit.
const HIT: usize = 8;

/// Bytes of the head: the words of `Head`, then the class of each byte.
const HEAD: usize = 64 + 256;

/// Rows take no more than these bytes: a part of the processor's second cache.
const ROWS_BYTES: usize = 256 << 10;

/// While it is written.
#[derive(Default)]
pub struct Builder {
    pub nodes: Vec<Node>,
    hits: Vec<(u32, u32)>,
}

/// See [`NODE`].
#[derive(Clone, Copy, Default)]
pub struct Node {
    pub first: u32,
    pub byte: u8,
    pub count: u16,
    pub depth: u32,
    pub fail: u32,
    /// Its first hit, plus one; zero: none.
    pub hit: u32,
}

#[allow(clippy::cast_possible_truncation)] // an image has less than 2³² bytes
impl Builder {
    /// The trie of these texts. They are sorted here.
    pub fn new(keys: &mut [Key]) -> Self {
        keys.sort_unstable();
        let mut trie = Self {
            nodes: vec![Node::default()],
            hits: vec![],
        };
        let whole = 0..keys.len();
        let mut ranges = Vec::from([whole]);
        let mut node = 0;
        while let Some(range) = ranges.get(node).cloned() {
            let depth = trie.nodes[node].depth as usize;
            let keys = &keys[range.clone()];
            let ended = keys.partition_point(|(text, _)| text.len() == depth);
            // The last first, so that a hit always leads to one before it.
            for (_, entry) in keys[..ended].iter().rev() {
                trie.hits.push((*entry, trie.nodes[node].hit));
                trie.nodes[node].hit = trie.hits.len() as u32;
            }
            trie.nodes[node].first = trie.nodes.len() as u32;
            let mut start = range.start + ended;
            for children in keys[ended..].chunk_by(|one, next| one.0[depth] == next.0[depth]) {
                trie.nodes[node].count += 1;
                trie.nodes.push(Node {
                    byte: children[0].0[depth],
                    depth: depth as u32 + 1,
                    ..Node::default()
                });
                ranges.push(start..start + children.len());
                start += children.len();
            }
            node += 1;
        }
        trie
    }

    fn children(&self, node: usize) -> &[Node] {
        let Node { first, count, .. } = self.nodes[node];
        &self.nodes[first as usize..][..count.into()]
    }

    fn child(&self, node: usize, byte: u8) -> Option<usize> {
        let children = self.children(node);
        let place = children
            .binary_search_by_key(&byte, |child| child.byte)
            .ok()?;
        Some(self.nodes[node].first as usize + place)
    }

    /// Lets a search that fails go on with the longest end of what was read that begins a text, and
    /// find what ends there too (Aho and Corasick, 1975).
    pub fn link_failures(&mut self) {
        for node in 0..self.nodes.len() {
            for place in 0..self.nodes[node].count {
                let child = self.nodes[node].first as usize + usize::from(place);
                let fail = match node {
                    0 => 0,
                    _ => self.next(self.nodes[node].fail as usize, self.nodes[child].byte),
                };
                self.nodes[child].fail = fail as u32;
                let inherited = self.nodes[fail].hit;
                match self.last_hit(child) {
                    Some(last) => self.hits[last].1 = inherited,
                    None => self.nodes[child].hit = inherited,
                }
            }
        }
    }

    fn last_hit(&self, node: usize) -> Option<usize> {
        let mut hit = (self.nodes[node].hit as usize).checked_sub(1)?;
        while let Some(next) = (self.hits[hit].1 as usize).checked_sub(1) {
            hit = next;
        }
        Some(hit)
    }

    /// Where a byte leads, by way of failures.
    fn next(&self, mut node: usize, byte: u8) -> usize {
        loop {
            match self.child(node, byte) {
                Some(child) => return child,
                None if node == 0 => return 0,
                None => node = self.nodes[node].fail as usize,
            }
        }
    }

    /// The bytes. With a filter behind them, whose place the head tells.
    pub fn write(&self, filter: &[u8]) -> Vec<u8> {
        let mut classes = [0_u8; 256];
        let mut used = [false; 256];
        for node in &self.nodes[1..] {
            used[usize::from(node.byte)] = true;
        }
        let mut width = 1_u32; // class 0: bytes that no text has
        for (class, used) in classes.iter_mut().zip(used) {
            // 230 at the most: no text has a capital letter.
            if used {
                *class = width as u8;
                width += 1;
            }
        }
        let rows = self.nodes.len().min(ROWS_BYTES / (width as usize * 4));
        let shallow = self
            .nodes
            .partition_point(|node| node.depth < super::SHORT as u32);
        let nodes_at = HEAD + rows * width as usize * 4;
        let nodes_at = nodes_at.next_multiple_of(64);
        let hits_at = nodes_at + self.nodes.len() * NODE;
        let filter_at = (hits_at + self.hits.len() * HIT).next_multiple_of(64);
        let mut bytes = Vec::with_capacity(filter_at + filter.len());
        for value in [
            width as usize,
            rows,
            nodes_at,
            hits_at,
            shallow,
            filter_at,
            filter.len(),
        ] {
            bytes.extend_from_slice(&(value as u32).to_le_bytes());
        }
        bytes.resize(64, 0);
        bytes.extend_from_slice(&classes);
        for node in 0..rows {
            let start = bytes.len();
            bytes.resize(start + width as usize * 4, 0);
            for byte in (0..=255_u8).filter(|&byte| used[usize::from(byte)]) {
                let place = start + usize::from(classes[usize::from(byte)]) * 4;
                let next = self.next(node, byte) as u32;
                bytes[place..place + 4].copy_from_slice(&next.to_le_bytes());
            }
        }
        bytes.resize(nodes_at, 0);
        for node in &self.nodes {
            let small = u32::from(node.byte) | u32::from(node.count) << 8;
            for value in [node.first, small, node.fail, node.hit] {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        for &(entry, next) in &self.hits {
            bytes.extend_from_slice(&entry.to_le_bytes());
            bytes.extend_from_slice(&next.to_le_bytes());
        }
        bytes.resize(filter_at, 0);
        bytes.extend_from_slice(filter);
        bytes
    }
}

/// A trie that lies somewhere.
#[derive(Clone, Copy)]
pub struct Trie<'a> {
    bytes: &'a [u8],
    classes: &'a [u8; 256],
    rows: &'a [u8],
    width: usize,
    row_count: u32,
    nodes: &'a [u8],
    hits: &'a [u8],
}

impl<'a> Trie<'a> {
    /// `None`: these bytes are none.
    #[inline]
    pub fn over(bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            bytes,
            classes: bytes.get(64..)?.first_chunk()?,
            rows: bytes.get(HEAD..)?,
            width: word(bytes, 0)? as usize,
            row_count: word(bytes, 4)?,
            nodes: bytes.get(word(bytes, 8)? as usize..)?,
            hits: bytes.get(word(bytes, 12)? as usize..)?,
        })
    }

    /// Nodes before this one are less than [`super::SHORT`] bytes deep.
    pub fn shallow(&self) -> u32 {
        word(self.bytes, 16).unwrap_or(0)
    }

    /// What was written behind it.
    pub fn filter(&self) -> Option<&'a [u8]> {
        let at = word(self.bytes, 20)? as usize;
        self.bytes.get(at..)?.get(..word(self.bytes, 24)? as usize)
    }

    /// The entry of the longest text that begins with these bytes, and is alive.
    #[inline]
    pub fn longest(
        &self,
        text: impl Iterator<Item = u8>,
        is_alive: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let (mut node, mut found) = (0, None);
        for byte in text {
            let Some(child) = self.child(node, byte.to_ascii_lowercase()) else {
                break;
            };
            node = child;
            found = self.hit(node, &is_alive).or(found);
        }
        found
    }

    /// The child of a node that this byte leads to.
    #[inline]
    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let (first, small) = self.node(node)?;
        let count = small >> 8;
        if let Some(next) = self.in_row(node, byte) {
            // A row may also say where a search goes on that fails.
            return (next.wrapping_sub(first) < count).then_some(next);
        }
        self.among(first, count, byte)
    }

    /// Where a search goes on: at the child, or where failures lead to.
    #[inline]
    pub fn next(&self, mut node: u32, byte: u8) -> Option<u32> {
        loop {
            if let Some(next) = self.in_row(node, byte) {
                return Some(next);
            }
            let (first, small) = self.node(node)?;
            if let Some(child) = self.among(first, small >> 8, byte) {
                return Some(child);
            }
            // It leads to a node before, so this comes to an end.
            node = word(self.nodes, node as usize * NODE + 8).filter(|&fail| fail < node)?;
        }
    }

    #[inline]
    fn in_row(&self, node: u32, byte: u8) -> Option<u32> {
        if node >= self.row_count {
            return None;
        }
        let class = usize::from(self.classes[usize::from(byte)]);
        word(self.rows, (node as usize * self.width + class) * 4)
    }

    /// The children are sorted by their bytes; few nodes have many.
    #[inline]
    fn among(&self, first: u32, count: u32, byte: u8) -> Option<u32> {
        for child in first..first.saturating_add(count) {
            match (self.node(child)?.1 & 0xff).cmp(&byte.into()) {
                core::cmp::Ordering::Less => {}
                core::cmp::Ordering::Equal => return Some(child),
                core::cmp::Ordering::Greater => return None,
            }
        }
        None
    }

    #[inline]
    fn node(&self, node: u32) -> Option<(u32, u32)> {
        let at = node as usize * NODE;
        Some((word(self.nodes, at)?, word(self.nodes, at + 4)?))
    }

    /// The first hit of a node that is alive.
    #[inline]
    pub fn hit(&self, node: u32, is_alive: &impl Fn(u32) -> bool) -> Option<u32> {
        let mut hit = word(self.nodes, node as usize * NODE + 12)?;
        loop {
            let at = (hit as usize).checked_sub(1)? * HIT;
            let entry = word(self.hits, at)?;
            if is_alive(entry) {
                return Some(entry);
            }
            // It leads to one before, so this comes to an end.
            hit = word(self.hits, at + 4).filter(|&next| next < hit)?;
        }
    }
}
