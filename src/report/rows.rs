//! The lists.

use std::ffi::CStr;

use crate::auth::Row;
use crate::clock::{Clock, wall_s};
use crate::escape::{Brief, Escaped};
use crate::policy::Firewall;
use crate::rate::Usage;
use crate::settings::Shown;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::table::TableSize;
use crate::source::Source;

use super::arguments::{Arguments, Page};
use super::{Fault, Full, Reply, number};

/// Sources idle for so many windows have nothing more to say to the rate check.
const WARM_WINDOWS: u64 = 2;

impl<C: Clock> Firewall<C> {
    pub(super) fn list_bans(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let page = arguments.page()?;
        list(reply, page, self.bans.bans(&self.clock), |reply, ban| {
            self.write_ban(reply, None, &ban)
        })
    }

    pub(super) fn list_sources(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
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
            let is_meant = status == b"ALL" || self.status(usage).to_bytes() == status;
            is_meant && (usage.hot || usage.idle_ms <= self.remembered_ms())
        });
        list(reply, page, remembered, |reply, usage| {
            self.write_usage(reply, None, &usage)
        })
    }

    pub(super) fn write_usage(
        &self,
        reply: &mut impl Reply,
        name: Option<&CStr>,
        usage: &Usage,
    ) -> Result<(), Full> {
        let now_ms = self.clock.exact_ms();
        let last_seen = wall_s(&self.clock, now_ms.saturating_sub(usage.idle_ms));
        reply.open_struct(name)?;
        reply.text(Some(c"key"), &self.show(usage.source).to_string())?;
        reply.number(Some(c"hits_prev"), number(usage.previous))?;
        reply.number(Some(c"hits_curr"), number(usage.current))?;
        reply.text(Some(c"status"), &self.status(usage).to_string_lossy())?;
        reply.number(Some(c"last_seen"), last_seen)?;
        reply.close()
    }

    /// HOT: blocked now. WARM: sent something in the last two windows. COLD: remembered.
    fn status(&self, usage: &Usage) -> &'static CStr {
        let window_ms = self.settings.sampling_time_unit().unsigned_abs() * 1000;
        match usage {
            Usage { hot: true, .. } => c"HOT",
            Usage { idle_ms, .. } if *idle_ms < WARM_WINDOWS * window_ms => c"WARM",
            _ => c"COLD",
        }
    }

    /// How long an idle source stays listed.
    fn remembered_ms(&self) -> u64 {
        let window_s = self.settings.sampling_time_unit().unsigned_abs();
        let latency_s = self.settings.remove_latency().unsigned_abs();
        latency_s.max(WARM_WINDOWS * window_s) * 1000
    }

    pub(super) fn list_auth(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let page = arguments.page()?;
        list(reply, page, self.auth.failing(&self.clock), |reply, row| {
            self.write_auth(reply, &row)
        })
    }

    /// `source` is `*` for a user as a whole, `user` for a source as a whole.
    pub(super) fn write_auth(&self, reply: &mut impl Reply, row: &Row) -> Result<(), Full> {
        let now_ms = self.clock.exact_ms();
        let source = match row.source {
            Source::NONE => "*".to_owned(),
            source => self.show(source).to_string(),
        };
        let user = match row.user() {
            [] => "*".to_owned(),
            user => Escaped(user).to_string(),
        };
        let left_ms = row.blocked_until_ms.saturating_sub(now_ms);
        reply.open_struct(None)?;
        reply.text(Some(c"user"), &user)?;
        reply.text(Some(c"source"), &source)?;
        reply.number(Some(c"failures"), number(row.failures))?;
        reply.number(Some(c"first"), wall_s(&self.clock, row.first_ms))?;
        reply.number(Some(c"last"), wall_s(&self.clock, row.last_ms))?;
        reply.number(Some(c"blocked"), row.is_blocked(now_ms).into())?;
        reply.number(Some(c"left"), number(left_ms.div_ceil(1000)))?;
        reply.close()
    }

    pub(super) fn list_agents(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let page = arguments.page()?;
        list(reply, page, self.agents.hits(), |reply, (pattern, hits)| {
            reply.open_struct(None)?;
            reply.text(Some(c"pattern"), pattern)?;
            reply.number(Some(c"hits"), number(hits))?;
            reply.close()
        })
    }

    pub(super) fn list_settings(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        reply.open_struct(None)?;
        let mut written = Ok(());
        self.settings.each(|name, value| {
            let Ok(name) = std::ffi::CString::new(name) else {
                return;
            };
            written = written.and_then(|()| match value {
                Shown::Number(value) => reply.number(Some(&name), value),
                Shown::Text(text) => reply.text(Some(&name), text),
            });
        });
        written?;
        Ok(reply.close()?)
    }

    pub(super) fn stats(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        reply.open_struct(None)?;
        for (name, count) in self.counters.each() {
            let Ok(name) = std::ffi::CString::new(name) else {
                continue;
            };
            reply.number(Some(&name), number(count))?;
        }
        reply.number(Some(c"rate_uncounted"), number(self.rate.uncounted()))?;
        reply.number(Some(c"shared_bytes"), number(self.bytes as u64))?;
        Ok(reply.close()?)
    }

    pub(super) fn list_tables(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        let now_ms = self.clock.exact_ms();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let sources = self.settings.sources_max().unsigned_abs();
        let used_sources = self.rate.usages(now_ms).count() as u64;
        let evicted_sources = self.rate.evicted();
        let [users, known] = self.auth.sizes();
        let record_table = |name, size: TableSize| {
            (
                name,
                size.limit,
                of(&size.totals.live),
                of(&size.totals.evicted),
                size.bytes,
            )
        };
        let rows = [
            (
                "sources",
                sources,
                used_sources,
                evicted_sources,
                self.rate.bytes(),
            ),
            record_table("bans", self.bans.size()),
            record_table("users", users),
            record_table("known", known),
            record_table("scans", self.scans.size()),
            self.geo_table(),
        ];
        let all = Page {
            offset: 0,
            limit: rows.len() as u64,
        };
        list(
            reply,
            all,
            rows.into_iter(),
            |reply, (name, capacity, used, evictions, bytes)| {
                reply.open_struct(None)?;
                reply.text(Some(c"table"), name)?;
                reply.number(Some(c"capacity"), number(capacity))?;
                reply.number(Some(c"used"), number(used))?;
                reply.number(Some(c"evictions"), number(evictions))?;
                reply.number(Some(c"bytes"), number(bytes as u64))?;
                reply.close()
            },
        )
    }
}

/// Writes `total` and the rows of one page, after copying these.
pub(super) fn list<T, R: Reply>(
    reply: &mut R,
    page: Page,
    all: impl Iterator<Item = T>,
    write: impl Fn(&mut R, T) -> Result<(), Full>,
) -> Result<(), Fault> {
    let mut rows = Vec::new();
    let mut total = 0;
    for row in all {
        if (page.offset..page.offset.saturating_add(page.limit)).contains(&total) {
            rows.push(row);
        }
        total += 1;
    }
    reply.open_struct(None)?;
    reply.number(Some(c"total"), number(total))?;
    reply.open_list(Some(c"rows"))?;
    for row in rows {
        write(reply, row)?;
    }
    reply.close()?;
    Ok(reply.close()?)
}
