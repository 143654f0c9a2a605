//! All that is known of one address.

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::policy::{self, Firewall, lists_of};
use crate::proof::Budget;
use crate::source::{Address, Source};

use super::Fault;
use super::arguments::Arguments;
use super::bans::BanRow;
use super::fields::reply_struct;
use super::rows::SourceRow;
use super::scans::ScanRow;
use super::users::UserRow;

/// Rows about users in one reply.
const USERS: usize = 100;

reply_struct! {
    /// All that is known of an address; `now`: what a request of a stranger from it would get. `limit`:
    /// how many requests it may send in a window. `proven`: users who have proven lately that they are
    /// there.
    Shown {
        ip: String,
        key: String,
        now: String,
        trusted: bool,
        banned: bool,
        ban: Option<BanRow>,
        rate: Option<SourceRow>,
        connections: Option<SourceRow>,
        limit: u64,
        proven: u64,
        spared: Option<SparedRow>,
        country: Option<String>,
        asn: Option<i64>,
        scan: Option<ScanRow>,
        lists: Vec<ListedRow>,
        auth: Vec<UserRow>,
    }
}

reply_struct! {
    /// Messages from an address that is closed to strangers which were let through in this window and the
    /// one before: for a nonce that was handed to it, as part of a call, from a flow that has proven, for
    /// a Contact that was registered there, and since they were sent again.
    SparedRow {
        nonce: u64,
        call: u64,
        flow: u64,
        contact: u64,
        again: u64,
    }
}

reply_struct! {
    /// A list that holds the address.
    ListedRow {
        list: String,
        kind: &'static str,
        action: &'static str,
        entry: String,
        comment: String,
    }
}

impl<C: Clock> Firewall<C> {
    /// `palisade.show ip`: its source, trusted or not, what a request from it would get now, its
    /// ban, what it sends, where it is, the lists that hold it, what it scans, and the users it has
    /// failed to authenticate as.
    pub(super) fn show_address(&self, mut arguments: Arguments<'_>) -> Result<Shown, Fault> {
        let text = arguments.required("ip")?;
        arguments.end()?;
        let (address, source) = self.prefixes().parse(text).map_err(Fault::BadArgument)?;
        let (_, hash) = self.locate(address);
        let ban = self.bans.get(source, hash, &self.clock);
        let now_ms = self.clock.exact_ms();
        let usage = self.rate.usage(source, hash, now_ms);
        let (connections, connections_hash) = self.connections_of(source);
        let connections = self.rate.usage(connections, connections_hash, now_ms);
        let (limit, proven) = self.inspect_address(address, |it| (it.limit(), it.users()));
        let scan = self.scans.get(source, &self.clock);
        let is_over = scan.as_ref().is_some_and(|scan| scan.is_over);
        let now = match self.foresee(address).as_str() {
            "pass" if is_over => "pass: but over a limit of scans or signals".to_owned(),
            now => now.to_owned(),
        };
        let trusted = now.starts_with("pass: trusted");
        Ok(Shown {
            ip: address.to_string(),
            key: self.show(source).to_string(),
            now,
            trusted,
            banned: ban.is_some(),
            ban: ban.map(|ban| self.ban_row(&ban)),
            rate: usage.map(|usage| self.source_row(&usage)),
            connections: connections.map(|usage| self.source_row(&usage)),
            limit,
            proven,
            spared: self.spared_row(source),
            country: self
                .country_of(address)
                .map(|country| Escaped(&country).to_string()),
            asn: self.asn_of(address).map(i64::from),
            scan: scan.map(|scan| self.scan_row(&scan)),
            lists: self.listed_rows(address),
            auth: self.failing_users(source),
        })
    }

    fn spared_row(&self, source: Source) -> Option<SparedRow> {
        let granted = |budget| self.proofs.granted(source, budget, &self.clock);
        let row = SparedRow {
            nonce: granted(Budget::Proven),
            call: granted(Budget::Calls),
            flow: granted(Budget::Flows),
            contact: granted(Budget::Contact),
            again: granted(Budget::Again) + granted(Budget::Rest),
        };
        let any = row.nonce + row.call + row.flow + row.contact + row.again;
        (any > 0).then_some(row)
    }

    fn listed_rows(&self, address: Address) -> Vec<ListedRow> {
        self.inspect_address(address, |inspection| {
            lists_of(inspection)
                .map(|found| listed_row(&found))
                .collect()
        })
    }

    fn failing_users(&self, source: Source) -> Vec<UserRow> {
        let of_source = self
            .auth
            .failing(&self.clock)
            .filter(|row| row.source == source);
        let copied: Vec<_> = of_source.take(USERS).collect();
        copied.iter().map(|row| self.user_row(row)).collect()
    }
}

fn listed_row(found: &policy::Listed<'_>) -> ListedRow {
    let spec = found.list.spec;
    ListedRow {
        list: spec.name.to_string(),
        kind: spec.kind.name(),
        action: spec.action.name(),
        entry: Escaped(found.hit.written).to_string(),
        comment: Escaped(found.hit.comment).to_string(),
    }
}
