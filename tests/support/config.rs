//! The text that Kamailio is given: the standard preamble, then the test's own part.
//!
//! In every text and define, `@PORT@` and `@DIR@` stand for the server's port and runtime
//! directory.

use std::path::{Path, PathBuf};

#[derive(Clone)]
pub enum Config {
    /// The test's own part; the preamble comes before it.
    Part(String),
    /// All of it.
    Whole(String),
    /// A file, used as it stands.
    File(PathBuf),
}

/// The domain that phones use unless told otherwise; an alias of the server, so that it is
/// `myself`.
pub const DOMAIN: &str = "palisade.test";

/// Every request to `/RPC` is JSON-RPC.
const HTTP_ROUTE: &str = r#"
event_route[xhttp:request] {
	if ($hu =~ "^/RPC") jsonrpc_dispatch();
	else xhttp_reply("404", "Not Found", "text/plain", "only /RPC here\n");
}
"#;

impl Config {
    /// Where the config for this start lies.
    pub fn write(&self, dir: &Path, port: u16, workers: usize) -> PathBuf {
        let text = match self {
            Config::Part(text) => format!("{}\n{text}\n{HTTP_ROUTE}", preamble(workers)),
            Config::Whole(text) => text.clone(),
            Config::File(path) => return path.clone(),
        };
        let path = dir.join("kamailio.cfg");
        std::fs::write(&path, fill_in(&text, dir, port)).expect("write kamailio.cfg");
        path
    }

    /// Where jsonrpcs puts reply FIFOs: its own default, unless the preamble says where.
    pub fn fifo_reply_dir(&self, dir: &Path) -> PathBuf {
        match self {
            Config::Part(_) => dir.into(),
            _ => "/tmp".into(),
        }
    }
}

pub fn fill_in(text: &str, dir: &Path, port: u16) -> String {
    text.replace("@PORT@", &port.to_string())
        .replace("@DIR@", &dir.display().to_string())
}

fn preamble(workers: usize) -> String {
    format!(
        r#"
debug=2
log_stderror=yes
fork=yes
children={workers}
tcp_children=2
tcp_accept_no_cl=yes
disable_core_dump=yes
#!ifdef KAMAILIO_6
msg_recv_max_size=65535 # 32767 unless said; before 6 there is no such limit
#!endif
auto_aliases=no
alias="{DOMAIN}"
listen=udp:127.0.0.1:@PORT@
listen=udp:[::1]:@PORT@
listen=tcp:127.0.0.1:@PORT@
listen=tcp:[::1]:@PORT@
loadmodule "ctl.so"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
modparam("ctl", "binrpc", "unix:@DIR@/ctl")
modparam("jsonrpcs", "transport", 7)
modparam("jsonrpcs", "fifo_reply_dir", "@DIR@/")
"#
    )
}
