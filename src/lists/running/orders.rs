//! What the keeper is asked to do, as it travels through the queue, and how it is done.

use crate::clock::Clock;
use crate::escape::Brief;

use super::edit::{Change, Refused};
use super::load::Desk;

/// One thing that the keeper is asked to do.
#[derive(Clone, Copy, Debug)]
pub enum Order<'a> {
    /// To load a list again; empty: all of them.
    Reload {
        /// Which.
        list: &'a [u8],
    },
    /// To change what a list says of a value.
    Edit {
        /// Which.
        list: &'a [u8],
        /// Of what.
        value: &'a [u8],
        /// What becomes of it.
        change: Change<'a>,
    },
}

const RELOAD: u8 = 1;
const ADD: u8 = 2;
const REMOVE: u8 = 3;

impl<'a> Order<'a> {
    /// As a job: a byte that says what, then texts, each after its length.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let (what, texts): (u8, Vec<&[u8]>) = match self {
            Order::Reload { list } => (RELOAD, vec![list]),
            Order::Edit {
                list,
                value,
                change: Change::Remove,
            } => (REMOVE, vec![list, value]),
            Order::Edit {
                list,
                value,
                change: Change::Add { seconds, comment },
            } => return written(ADD, &[list, value, &seconds.to_le_bytes(), comment]),
        };
        written(what, &texts)
    }

    /// Reads a job. `None`: it is none.
    #[must_use]
    pub fn read(job: &'a [u8]) -> Option<Self> {
        let (&what, rest) = job.split_first()?;
        let mut texts = Texts(rest);
        let order = match what {
            RELOAD => Order::Reload {
                list: texts.next()?,
            },
            ADD => Order::Edit {
                list: texts.next()?,
                value: texts.next()?,
                change: Change::Add {
                    seconds: u64::from_le_bytes(texts.next()?.try_into().ok()?),
                    comment: texts.next()?,
                },
            },
            REMOVE => Order::Edit {
                list: texts.next()?,
                value: texts.next()?,
                change: Change::Remove,
            },
            _ => return None,
        };
        Some(order)
    }
}

fn written(what: u8, texts: &[&[u8]]) -> Vec<u8> {
    let mut job = vec![what];
    for text in texts {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        job.extend_from_slice(&length.to_le_bytes());
        job.extend_from_slice(text);
    }
    job
}

struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        self.0 = rest;
        Some(text)
    }
}

impl<C: Clock> Desk<'_, C> {
    /// Does what an order about one list says. Answers what was done.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn perform(&self, order: &Order<'_>) -> Result<String, Refused> {
        let find = |name: &[u8]| {
            self.lists
                .by_name(name)
                .ok_or_else(|| Refused::new(404, format!("list={}: there is none", Brief(name))))
        };
        match *order {
            // What went wrong is told by the list itself.
            Order::Reload { list } => Ok(self
                .load_one(&find(list)?)
                .map_or_else(|_| "1 failed", |()| "0 failed")
                .to_owned()),
            Order::Edit {
                list,
                value,
                change,
            } => self.edit(&find(list)?, value, change).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_the_queue() {
        for order in [
            Order::Reload { list: b"" },
            Order::Reload { list: b"carriers" },
            Order::Edit {
                list: b"bad",
                value: b"192.0.2.0/24",
                change: Change::Remove,
            },
            Order::Edit {
                list: b"bad",
                value: b"\x00\xff\n",
                change: Change::Add {
                    seconds: u64::MAX,
                    comment: b"two words",
                },
            },
        ] {
            let job = order.write();
            let read = Order::read(&job).map(|order| format!("{order:?}"));
            assert_eq!(read, Some(format!("{order:?}")));
            for cut in 0..job.len() {
                assert!(Order::read(&job[..cut]).is_none(), "{order:?} cut at {cut}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_job_panics(job: Vec<u8>) {
            let _either = Order::read(&job);
        }
    }
}
