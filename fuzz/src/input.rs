//! The bytes of one run, read from front to back; what is missing at the end is zero.

/// What has not been read yet.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    /// So many bytes, padded with zeros.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.byte())
    }

    /// Up to this byte, which is taken and left out.
    pub fn until(&mut self, end: u8) -> &'a [u8] {
        let length = self.0.iter().position(|&byte| byte == end);
        let text = &self.0[..length.unwrap_or(self.0.len())];
        self.0 = &self.0[length.map_or(self.0.len(), |length| length + 1)..];
        text
    }
}

/// The texts between bars. A backslash takes the meaning from the byte after it: `\|`, `\\`, and
/// `\n`, `\r`, `\0` give the bytes that could not stand in a line of steps.
pub fn texts(line: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = vec![Vec::new()];
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b'|' => {
                texts.push(Vec::new());
                continue;
            }
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b'0') => 0,
                Some(&other) => other,
                None => b'\\',
            },
            _ => byte,
        };
        texts.last_mut().expect("it begins with one").push(byte);
    }
    texts
}

/// Can it stand in a line of a log, or in a reply? Nothing but printable ASCII.
pub fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte))
}
