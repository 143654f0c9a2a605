//! Why an image was not published.

use core::fmt;

/// Why an image was not published. The old one stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// There is no such slot.
    Slot(usize),
    /// Another process publishes at this moment.
    Busy,
    /// The images together are too large.
    Full {
        /// Bytes that the new one takes.
        wanted: usize,
        /// Bytes that are taken.
        used: usize,
        /// Bytes that there are.
        capacity: usize,
    },
    /// A process has been reading for so long that this many replaced images are kept for it.
    Held(usize),
    /// The kernel has no memory left.
    Kernel {
        /// Bytes that were asked for.
        bytes: usize,
        /// What it says.
        error: String,
    },
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MB: usize = 1 << 20;
        match self {
            Self::Slot(slot) => write!(f, "there is no slot {slot} for a list"),
            Self::Busy => write!(f, "another process is loading a list at this moment"),
            Self::Full {
                wanted,
                used,
                capacity,
            } => write!(
                f,
                "lists_memory={}: too small: the list takes {} MB beside {} MB that are in use",
                capacity / MB,
                wanted.div_ceil(MB),
                used.div_ceil(MB),
            ),
            Self::Held(images) => write!(
                f,
                "a stopped process may still be reading {images} lists that were replaced"
            ),
            Self::Kernel { bytes, error } => {
                write!(
                    f,
                    "no memory for a list of {} MB: {error}",
                    bytes.div_ceil(MB)
                )
            }
        }
    }
}
