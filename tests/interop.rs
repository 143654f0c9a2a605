//! `make interop`: real Asterisks behind a real Kamailio with `examples/asterisk.cfg` as it stands, real phones and
//! real tools. Each row is one attack, or one thing that must work, against one Asterisk; what was seen is the table
//! in `docs/scans.md`, and in `tests/data/interop` what the imitated PBX of the other tests answers.
//!
//! Needs what `scripts/setup interop` makes. Arguments: words that the names of the rows wanted hold, or none for all.

mod interop {
    pub mod asterisk;
    pub mod attack;
    pub mod caller;
    pub mod honest;
    pub mod known;
    pub mod phones;
    pub mod program;
    pub mod row;
    pub mod table;
    pub mod tools;
    pub mod wire;
}
mod support;

use interop::asterisk::{self, ADDRESS, Asterisk, Setting};
use interop::attack::{self, Attack};
use interop::caller::Caller;
use interop::known::{BURSTS_PASS, UNANSWERED_CHALLENGES_COUNT, is_called_past_kamailio, is_gap};
use interop::phones::{self, PHONES};
use interop::row::Seen;
use interop::table::Line;
use interop::tools::{TOOLS, Tool};
use interop::{honest, table};
use std::panic::{AssertUnwindSafe, catch_unwind};
use support::{Kamailio, Server};

const SCANNER: &str = "127.0.0.66";

/// `examples/asterisk.cfg` in front of this one.
fn edge(pbx: &Asterisk) -> Kamailio {
    Kamailio::file("examples/asterisk.cfg")
        .environment("PWD", env!("CARGO_MANIFEST_DIR"))
        .define("LISTEN_PORT", "@PORT@")
        .define("CTL", r#""unix:@DIR@/ctl""#)
        .define("BACKEND_IP", &format!("\"{ADDRESS}\""))
        .define("BACKEND_PORT", &format!("\"{}\"", pbx.port.number))
}

/// Who is patient: haste alone would have him banned.
fn patient(pbx: &Asterisk) -> Kamailio {
    edge(pbx).define("RATE", "60000")
}

fn play(attack: &Attack, pbx: &Asterisk) -> Seen {
    let kam = patient(pbx).start();
    let scanner = Caller::new(&kam, SCANNER);
    if let Some(first) = &attack.first {
        assert_eq!(scanner.status(first), Some(200));
    }
    let begin = pbx.mark();
    for attempt in &attack.tries {
        if scanner.attempt(attempt).is_none() {
            break;
        }
    }
    let end = pbx.mark();
    Seen::of(&kam, pbx, begin, end, SCANNER)
}

fn run(tool: &Tool, pbx: &Asterisk) -> Seen {
    let kam = edge(pbx).start();
    let begin = pbx.mark();
    tool.run(&kam, SCANNER);
    let end = pbx.mark();
    Seen::of(&kam, pbx, begin, end, SCANNER)
}

/// Nothing wrong, or what is. One message alone is no attack yet.
fn judge(seen: &Seen, limit: usize, is_gap: bool) -> Result<(), String> {
    let is_slow = !["banned: rate", "dropped: agent"].contains(&&*seen.palisade);
    let is_later = is_gap || seen.is_unanswered && !UNANSWERED_CHALLENGES_COUNT;
    let is_attack = seen.evaluated > 1 && (seen.is_telling || seen.fail2ban > 0);
    if !is_attack || !is_slow {
        return Ok(());
    }
    match seen.is_found() && seen.evaluated <= limit {
        true if is_later => Err("this is found by now: known.rs says that it is not".into()),
        false if is_later => Ok(()),
        true => Ok(()),
        false if seen.fail2ban > 0 => {
            Err(format!("Fail2ban finds it, Palisade not within {limit}"))
        }
        false => Err(format!("not found within {limit}")),
    }
}

/// What has passed, what has failed, and what is to be written.
struct Run {
    words: Vec<String>,
    passed: usize,
    failed: Vec<String>,
    lines: Vec<Line>,
}

impl Run {
    fn is_wanted(&self, name: &str) -> bool {
        self.words.iter().all(|word| name.contains(word.as_str()))
    }

    /// Says how it went.
    fn row(&mut self, name: &str, body: impl FnOnce() -> Result<String, String>) {
        let result = catch_unwind(AssertUnwindSafe(body));
        match result.unwrap_or_else(|_| Err("see above".into())) {
            Ok(told) => {
                println!("ok    {name}: {told}");
                self.passed += 1;
            }
            Err(why) => {
                println!("FAIL  {name}: {why}");
                self.failed.push(name.into());
            }
        }
    }

    fn attack(
        &mut self,
        (kind, method): (&str, &str),
        (asterisk, setting): (&str, Setting),
        (limit, is_hasty): (usize, bool),
        body: impl FnOnce() -> Seen,
    ) {
        let name = format!("{asterisk}: {kind} {method}");
        if !self.is_wanted(&name) {
            return;
        }
        let mut lines = vec![];
        self.row(&name, || {
            let seen = body();
            let told = format!(
                "{} | {} evaluated | {} | Fail2ban {}",
                seen.replies, seen.evaluated, seen.palisade, seen.fail2ban
            );
            let is_gap = is_gap(setting, kind, method);
            let judged = judge(&seen, limit, is_gap);
            lines.push(Line {
                kind: kind.into(),
                method: method.into(),
                asterisk: asterisk.into(),
                is_chance: is_hasty || seen.is_unanswered && method == "sipvicious",
                seen,
            });
            judged
                .map_err(|why| format!("{told} <- {why}"))
                .map(|()| told)
        });
        self.lines.append(&mut lines);
    }

    fn works(&mut self, name: &str, body: impl FnOnce()) {
        if self.is_wanted(name) {
            self.row(name, || {
                body();
                Ok("as it should".into())
            });
        }
    }
}

fn all_of(run: &mut Run, pbx: &Asterisk, asterisk: &str, setting: Setting) {
    for attack in attack::all().iter().filter(|it| it.setting == setting) {
        let name = (&*attack.kind, attack.method);
        run.attack(name, (asterisk, setting), (attack.limit, false), || {
            play(attack, pbx)
        });
    }
    let file = format!("{asterisk}: the recorded answers");
    if setting != Setting::Guests && run.is_wanted(&file) {
        run.row(&file, || {
            let rows = honest::record(pbx, || patient(pbx).start());
            table::check_file(&table::file_of(asterisk), &table::recorded(&rows))
                .map(|()| format!("{} of them", rows.len()))
        });
    }
    if setting != Setting::Plain {
        return;
    }
    for tool in TOOLS {
        let limit = (tool.limit(), tool.is_hasty());
        run.attack(
            (tool.name, "sipvicious"),
            (asterisk, setting),
            limit,
            || crate::run(tool, pbx),
        );
    }
    for (what, phones) in [
        ("two baresips", phones::softphones as fn(&Server)),
        ("sipp", phones::sipp),
    ] {
        run.works(&format!("{asterisk}: {what}"), || {
            let begin = pbx.mark();
            phones(&edge(pbx).start());
            let is_past = pbx.has_met(begin, pbx.mark(), PHONES);
            let is_known = is_called_past_kamailio(asterisk, what);
            assert_eq!(
                is_past, is_known,
                "does Asterisk talk to a phone past Kamailio?"
            );
        });
    }
    let name = format!("{asterisk}: challenges of two phones");
    if run.is_wanted(&name) {
        run.row(&name, || Ok(honest::challenges(&edge(pbx).start())));
    }
    for (method, number) in honest::BURSTS {
        let name = format!("{asterisk}: ten {method} to {number} at once");
        if run.is_wanted(&name) {
            run.row(&name, || burst(pbx, method, number));
        }
    }
}

fn burst(pbx: &Asterisk, method: &'static str, number: &str) -> Result<String, String> {
    let answers = honest::burst(&edge(pbx).start(), method, number);
    let refused = answers.iter().filter(|status| **status == 403).count();
    match refused > 0 && BURSTS_PASS {
        true => Err(format!("{refused} are refused: {answers:?}")),
        false => Ok(format!("{answers:?}")),
    }
}

fn main() {
    let mut run = Run {
        words: std::env::args().skip(1).collect(),
        passed: 0,
        failed: vec![],
        lines: vec![],
    };
    for (flavour, setting) in asterisk::all() {
        let name = flavour.name.to_owned() + setting.name();
        let pbx = Asterisk::start(flavour, setting);
        all_of(&mut run, &pbx, &name, setting);
    }
    if run.words.is_empty() {
        let text = table::attacks(&run.lines);
        run.row("the table in docs/scans.md", || {
            table::check_document(&text).map(|()| "is what was seen".into())
        });
    }
    println!("{} passed, {} failed", run.passed, run.failed.len());
    if !run.failed.is_empty() {
        println!("failed: {:#?}", run.failed);
        std::process::exit(1);
    }
}
