//! All that is known of one address.

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::policy::{Firewall, lists_of};
use crate::source::{Address, Source};

use super::arguments::Arguments;
use super::{Fault, Reply};

/// Rows about users in one reply.
const USERS: usize = 100;

impl<C: Clock> Firewall<C> {
    /// `palisade.show ip`: its source, trusted or not, what a request from it would get now, its
    /// ban, what it sends, where it is, the lists that hold it, what it scans, and the users it has
    /// failed to authenticate as.
    pub(super) fn show_address(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let text = arguments.required("ip")?;
        arguments.end()?;
        let (address, source) = self.prefixes().parse(text).map_err(Fault::BadArgument)?;
        let (_, hash) = self.locate(address);
        let ban = self.bans.get(source, hash, &self.clock);
        let usage = self.rate.usage(source, hash, self.clock.exact_ms());
        let scan = self.scans.get(source, &self.clock);
        let is_over = scan.as_ref().is_some_and(|scan| scan.is_over);
        let now = match self.foresee(address).as_str() {
            "pass" if is_over => "pass: but over a limit of scans or signals".to_owned(),
            now => now.to_owned(),
        };
        let trusted = now.starts_with("pass: trusted");
        reply.open_struct(None)?;
        reply.text(Some(c"ip"), &address.to_string())?;
        reply.text(Some(c"key"), &self.show(source).to_string())?;
        reply.text(Some(c"now"), &now)?;
        reply.number(Some(c"trusted"), trusted.into())?;
        reply.number(Some(c"banned"), ban.is_some().into())?;
        if let Some(ban) = &ban {
            self.write_ban(reply, Some(c"ban"), ban)?;
        }
        if let Some(usage) = &usage {
            self.write_usage(reply, Some(c"rate"), usage)?;
        }
        if let Some(country) = self.country_of(address) {
            reply.text(Some(c"country"), &Escaped(&country).to_string())?;
        }
        if let Some(asn) = self.asn_of(address) {
            reply.number(Some(c"asn"), asn.into())?;
        }
        if let Some(scan) = &scan {
            self.write_scan(reply, Some(c"scan"), scan)?;
        }
        self.show_lists(address, reply)?;
        self.show_users(source, reply)?;
        Ok(reply.close()?)
    }

    fn show_lists(&self, address: Address, reply: &mut impl Reply) -> Result<(), Fault> {
        reply.open_list(Some(c"lists"))?;
        self.inspect_address(address, |inspection| {
            for found in lists_of(inspection) {
                let spec = found.list.spec;
                reply.open_struct(None)?;
                reply.text(Some(c"list"), &spec.name)?;
                reply.text(Some(c"kind"), spec.kind.name())?;
                reply.text(Some(c"action"), spec.action.name())?;
                reply.text(Some(c"entry"), &Escaped(found.hit.written).to_string())?;
                reply.text(Some(c"comment"), &Escaped(found.hit.comment).to_string())?;
                reply.close()?;
            }
            Ok(reply.close()?)
        })
    }

    fn show_users(&self, source: Source, reply: &mut impl Reply) -> Result<(), Fault> {
        reply.open_list(Some(c"auth"))?;
        let of_source = self
            .auth
            .failing(&self.clock)
            .filter(|row| row.source == source);
        for row in of_source.take(USERS).collect::<Vec<_>>() {
            self.write_auth(reply, &row)?;
        }
        Ok(reply.close()?)
    }
}
