//! An attempt to authenticate, and what becomes of it.

use crate::hash::User;
use crate::source::Source;

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Counted; so many by now.
    Counted(u64),
    /// Counted, and it was the one too many.
    NewlyBlocked(u64),
    /// Blocked already; not counted.
    Blocked,
    /// Counted before: the same request once more.
    Retransmission,
    /// Not counted: the table has no place for it.
    Uncounted,
}

/// What a failure led to, for its subject and for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For the pair (or the user, or the source: the scope).
    pub failed: Failed,
    /// The failures of the user from all sources, when this one was the one too many.
    pub under_attack: Option<u64>,
}

/// One attempt: who, from where, in which request.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The user as the script or the message names it.
    pub user: &'a [u8],
    /// That, hashed.
    pub name: User,
    /// Where the request came from.
    pub source: Source,
    /// Stands for the request and its credentials; 0: unknown.
    pub request: u64,
    /// Has its sender proven where it is? What has not is counted apart, and blocks only what has not.
    pub is_proven: bool,
}

/// May an attempt be evaluated?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admission {
    /// Yes.
    Admitted,
    /// Not before those that are under way have come back.
    TooMany,
    /// Not with a nonce that was handed to somebody else: its sender has to be challenged.
    Unproven,
    /// No, it is blocked.
    Blocked,
}
