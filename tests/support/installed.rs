//! The Kamailio under test: its binaries and its modules.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// `KAMAILIO` names the server's binary; its tools are beside it.
pub fn binary(name: &str) -> PathBuf {
    let server =
        std::env::var_os("KAMAILIO").map_or_else(|| "/usr/sbin/kamailio".into(), PathBuf::from);
    match name {
        "kamailio" => server,
        tool => server.with_file_name(tool),
    }
}

/// Where this Kamailio looks for modules: it says so itself.
pub fn stock_modules() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let help = Command::new(binary("kamailio"))
            .arg("-h")
            .output()
            .expect("run kamailio -h");
        let text = String::from_utf8_lossy(&help.stdout).into_owned()
            + &String::from_utf8_lossy(&help.stderr);
        text.split_once("Modules search path (default: ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(path, _)| path.to_string())
            .expect("kamailio -h names the module path")
    })
}
