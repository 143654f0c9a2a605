//! The sources, the User-Agent patterns, the settings, the counters and the tables.

use crate::clock::{Clock, wall_s};
use crate::escape::Brief;
use crate::policy::Firewall;
use crate::rate::Usage;
use crate::settings::Value;
use crate::shm::atomic::Ordering;
use crate::shm::table::TableSize;
use crate::source::Address;

use super::arguments::{Arguments, Page};
use super::fields::{Field, Named, reply_struct};
use super::pages::{Listed, list};
use super::{Fault, Full, Reply};

/// Sources idle for so many windows have nothing more to say to the rate check.
const WARM_WINDOWS: u64 = 2;

reply_struct! {
    /// What a source sends, by `datagrams` or on `connections`, which are counted apart. `last_seen`:
    /// seconds since 1970.
    SourceRow {
        key: String,
        hits_prev: u64,
        hits_curr: u64,
        status: &'static str,
        last_seen: i64,
        by: &'static str,
    }
}

reply_struct! {
    /// A User-Agent pattern.
    AgentRow {
        pattern: String,
        hits: u64,
    }
}

reply_struct! {
    /// A table in shared memory.
    TableRow {
        table: &'static str,
        capacity: u64,
        used: u64,
        evictions: u64,
        bytes: u64,
    }
}

impl Field for Value {
    fn write(&self, reply: &mut impl Reply, name: Option<&std::ffi::CStr>) -> Result<(), Full> {
        match self {
            Self::Number(number) => number.write(reply, name),
            Self::Text(text) => text.write(reply, name),
        }
    }

    fn shape() -> String {
        String::new()
    }
}

impl<C: Clock> Firewall<C> {
    pub(super) fn list_sources(
        &self,
        mut arguments: Arguments<'_>,
    ) -> Result<Listed<SourceRow>, Fault> {
        let status = match arguments.peek() {
            Some(text) if !text.is_empty() && !text[0].is_ascii_digit() => {
                arguments.next();
                text.to_ascii_uppercase()
            }
            _ => b"ALL".to_vec(),
        };
        if ![&b"ALL"[..], b"WARM", b"HOT"].contains(&&status[..]) {
            let status = Brief(&status);
            let sentence = format!("status={status}: must be one of ALL, WARM, HOT");
            return Err(Fault::BadArgument(sentence));
        }
        let page = arguments.page()?;
        let now_ms = self.clock.exact_ms();
        let remembered = self.rate.usages(now_ms).filter(|usage| {
            let is_meant = status == b"ALL" || self.status(usage).as_bytes() == status;
            is_meant && usage.is_remembered(self.remembered_ms())
        });
        Ok(list(page, remembered, |usage| self.source_row(&usage)))
    }

    pub(super) fn source_row(&self, usage: &Usage) -> SourceRow {
        let seen_ms = self.clock.exact_ms().saturating_sub(usage.idle_ms);
        let of_connections = usage.source.of_connections();
        SourceRow {
            key: self
                .show(of_connections.unwrap_or(usage.source))
                .to_string(),
            hits_prev: usage.previous,
            hits_curr: usage.current,
            status: self.status(usage),
            last_seen: wall_s(&self.clock, seen_ms),
            by: match of_connections {
                Some(_) => "connections",
                None => "datagrams",
            },
        }
    }

    /// HOT: blocked now. WARM: sent something in the last two windows. COLD: remembered.
    fn status(&self, usage: &Usage) -> &'static str {
        let window_ms = self.settings.sampling_time_unit().unsigned_abs() * 1000;
        let source = usage.source.of_connections().unwrap_or(usage.source);
        let address = Address(source.key);
        match usage {
            _ if self.inspect_address(address, |it| it.is_over(usage)) => "HOT",
            Usage { idle_ms, .. } if *idle_ms < WARM_WINDOWS * window_ms => "WARM",
            _ => "COLD",
        }
    }

    /// How long an idle source stays listed.
    fn remembered_ms(&self) -> u64 {
        let window_s = self.settings.sampling_time_unit().unsigned_abs();
        let latency_s = self.settings.remove_latency().unsigned_abs();
        latency_s.max(WARM_WINDOWS * window_s) * 1000
    }

    pub(super) fn list_agents(&self, arguments: Arguments<'_>) -> Result<Listed<AgentRow>, Fault> {
        let page = arguments.page()?;
        Ok(list(page, self.agents.hits(), |(pattern, hits)| AgentRow {
            pattern: pattern.to_owned(),
            hits,
        }))
    }

    pub(super) fn list_settings(&self, arguments: Arguments<'_>) -> Result<Named<Value>, Fault> {
        arguments.end()?;
        let values = self.settings.each();
        let named = values.map(|(parameter, value)| (parameter.name, value));
        Ok(Named(named.collect()))
    }

    pub(super) fn stats(&self, arguments: Arguments<'_>) -> Result<Named<u64>, Fault> {
        arguments.end()?;
        let mut counts: Vec<_> = self.counters.each().collect();
        counts.push(("rate_uncounted", self.rate.uncounted()));
        counts.push(("shared_bytes", self.bytes as u64));
        Ok(Named(counts))
    }

    pub(super) fn list_tables(&self, arguments: Arguments<'_>) -> Result<Listed<TableRow>, Fault> {
        arguments.end()?;
        let (now_ms, sources) = (
            self.clock.exact_ms(),
            self.settings.sources_max().unsigned_abs(),
        );
        let used_sources = self.rate.used(now_ms, self.remembered_ms());
        let [users, known] = self.auth.sizes();
        let [used_users, used_known] = self.auth.used(&self.clock);
        let rows = [
            TableRow {
                table: "sources",
                capacity: sources,
                // More fit, for as long as no set is full.
                used: used_sources.min(sources),
                evictions: self.rate.evicted(),
                bytes: self.rate.bytes() as u64,
            },
            table_row("bans", self.bans.size(), self.bans.used(&self.clock)),
            table_row("users", users, used_users),
            table_row("known", known, used_known),
            table_row("scans", self.scans.size(), self.scans.used(&self.clock)),
            table_row("asked", self.asked.size(), self.asked.used(&self.clock)),
            self.geo_table(),
        ];
        let (places, used_places) = self.proofs.places(&self.clock);
        let places = table_row("places", places, used_places);
        let proofs = self.proofs.uses(&self.clock).map(|of| TableRow {
            table: of.table,
            capacity: of.capacity,
            used: of.used,
            evictions: of.evictions,
            bytes: of.bytes,
        });
        let rows = rows.into_iter().chain(proofs).chain([places]);
        Ok(list(Page::ALL, rows, |row| row))
    }
}

fn table_row(table: &'static str, size: TableSize, used: u64) -> TableRow {
    TableRow {
        table,
        capacity: size.limit,
        used,
        evictions: size.totals.evicted.load(Ordering::Relaxed), // statistics only
        bytes: size.bytes as u64,
    }
}
