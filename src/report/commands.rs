//! The table of the RPC commands: a row is all there is to say about one.
//!
//! From it follow what [`Firewall::answer`] calls, what the module exports to Kamailio with its help
//! (`kamailio-glue/tables.h`), and the table in `docs/rpc.md`; the tests of commands loop over it.

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::policy::Firewall;
use crate::settings::Value;
use crate::shm::fail;

use super::arguments::Arguments;
use super::bans::{BanRow, Banned, Lifted, Unbanned};
use super::fields::{Field, Named};
use super::geo::GeoRow;
use super::lists::{Edited, EntryRow, FoundRow, ListRow, Reloaded};
use super::pages::Listed;
use super::rows::{AgentRow, SourceRow, TableRow};
use super::scans::ScanRow;
use super::show::Shown;
use super::users::{Cleared, UserRow};
use super::{Fault, Reply};

/// An RPC command.
#[derive(Debug)]
pub struct Command {
    /// Its name, after `palisade.`.
    pub name: &'static str,
    /// Its arguments: `key [seconds [reason]]`.
    pub arguments: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
    shape: fn() -> String,
}

impl Command {
    /// What its reply consists of: `{total# rows[{key until#}]}` is a number and a list of structs of
    /// a text and a number; `?` stands behind what may be left out.
    #[must_use]
    pub fn shape(&self) -> String {
        (self.shape)()
    }
}

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident $arguments:literal $call:ident -> $reply:ty;)+) => {
        /// Every command.
        pub const COMMANDS: &[Command] = &[$(
            Command {
                name: stringify!($name),
                arguments: $arguments,
                doc: concat!($($doc,)+),
                shape: <$reply>::shape,
            },
        )+];

        impl<C: Clock> Firewall<C> {
            /// Answers one RPC command: the name after `palisade.`, and its arguments as texts.
            ///
            /// # Errors
            ///
            /// [`Fault`]; nothing was written unless it is [`Fault::Full`].
            pub fn answer(
                &self,
                command: &[u8],
                arguments: &[&[u8]],
                reply: &mut impl Reply,
            ) -> Result<(), Fault> {
                fail::point("report.answer");
                let arguments = Arguments::new(arguments);
                $(if command == stringify!($name).as_bytes() {
                    let answer: $reply = self.$call(arguments)?;
                    return Ok(answer.write(reply, None)?);
                })+
                let command = Escaped(command);
                Err(Fault::NotFound(format!("there is no palisade.{command}")))
            }
        }
    };
}

commands! {
    /// Every counter.
    stats "" stats -> Named<u64>;
    /// The bans. `until` 0: until lifted; `count`: how often banned, this time included; `origin`: `check`, `script` or `rpc`; `against`: `everybody`, or [`strangers`](proof.md).
    bans "[offset [limit]]" list_bans -> Listed<BanRow>;
    /// Bans an address; 0 seconds: until lifted.
    ban "key [seconds [reason]]" command_ban -> Banned;
    /// Lifts the ban of an address; its source starts anew with the rate check, too.
    unban "key" command_unban -> Unbanned;
    /// Lifts all bans.
    unban_all "" command_unban_all -> Lifted;
    /// The sources and their rates. `HOT`: blocked now, `WARM`: seen in the last two windows, `COLD`: remembered. Datagrams and connections of a source are counted apart (`by`).
    sources "[ALL|WARM|HOT [offset [limit]]]" list_sources -> Listed<SourceRow>;
    /// The users with failed authentications. Source `*`: the user as a whole, user `*`: the source as a whole. `proof` 0: attempts that [anybody could have made](proof.md#passwords-that-are-guessed-in-anothers-name) in that name.
    auth "[offset [limit]]" list_auth -> Listed<UserRow>;
    /// Forgets the failures of a user.
    auth_clear "user [source]" command_auth_clear -> Cleared;
    /// The sources with failing users, failing destinations, or signals. `left`: seconds until its window ends and all of it is forgotten; `over`: it has reached a limit in this window.
    scans "[offset [limit]]" list_scans -> Listed<ScanRow>;
    /// The User-Agent patterns and their hits.
    agents "[offset [limit]]" list_agents -> Listed<AgentRow>;
    /// All that is known of one address, and what a request of a stranger from it would get now. `limit`: requests it may send in a window; `proven`: users who have [proven](proof.md) to be there; `spared`: messages that were let through just now though it is closed to strangers.
    show "ip" show_address -> Shown;
    /// The settings in effect.
    settings "" list_settings -> Named<Value>;
    /// The lists, and how they were loaded.
    lists "" list_lists -> Listed<ListRow>;
    /// The entries of a list.
    list "name [offset [limit]]" list_entries -> Listed<EntryRow>;
    /// Which lists hold a value, by which entry.
    list_find "value" find_in_lists -> Listed<FoundRow>;
    /// Adds a value to a list, in its file or table too; 0 seconds: without end.
    list_add "name value [seconds [comment]]" add_to_list -> Edited;
    /// Removes a value from a list, from its file or table too.
    list_remove "name value" remove_from_list -> Edited;
    /// Loads a list again, or all of them and the countries.
    reload "[name]" reload -> Reloaded;
    /// Capacity, use and memory of the tables.
    tables "" list_tables -> Listed<TableRow>;
    /// The files of countries and autonomous systems, in the order in which they are asked.
    geo "" list_geo -> Listed<GeoRow>;
}
