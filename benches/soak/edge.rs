//! Worker CPU for each datagram of a banned source, from the kernel's accounting: what operators use
//! today and Palisade, in turn, in one run. A phone beside each flood.

use crate::beside::{Answers, phone};
use crate::support::{Kamailio, Phone, Rpc, Server, stock};
use crate::wire::Wire;
use crate::{Promises, share};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;

const ROUNDS: usize = 10;
const DATAGRAMS: f64 = 40_000.0;
const FLOODER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

const RECIPE: usize = 0;
const OURS: usize = 2;

const MOST_US: f64 = 2.2;
const LEAST_RATIO: f64 = 4.5;

/// The README of Kamailio's core cookbook, event_route[core:msg-received], with an htable.
const MSG_RECEIVED: &str = r#"
loadmodule "htable.so"
modparam("htable", "htable", "ipban=>size=8;")
received_route_mode=1
event_route[core:msg-received] {
	if ($sht(ipban=>$rcv(srcip)) != $null) drop;
}
request_route {
	sl_send_reply("200", "OK");
}
"#;

fn palisade(edge: &str) -> String {
    format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "edge", "{edge}")
request_route {{
	if (!palisade_check()) exit;
	sl_send_reply("200", "OK");
}}
"#
    )
}

const NOTHING: &str = r#"request_route { sl_send_reply("200", "OK"); }"#;

struct Subject {
    name: &'static str,
    kam: Server,
    datagram: Vec<u8>,
    /// Microseconds a datagram, one figure a round.
    us: Vec<f64>,
    answers: Answers,
}

impl Subject {
    fn start(name: &'static str, config: &str) -> Subject {
        let kam = Kamailio::with(config).workers(1).start();
        let banned = Phone::udp(&kam, &FLOODER.to_string());
        let datagram = banned.request("REGISTER").bytes();
        Subject {
            name,
            kam,
            datagram,
            us: vec![],
            answers: Answers::default(),
        }
    }

    /// By RPC, with these words.
    fn banned_by(self, command: &str, words: serde_json::Value) -> Subject {
        self.kam
            .rpc(Rpc::Kamcmd, command, words)
            .expect("the ban is set");
        self
    }

    fn cpu_us(&self) -> f64 {
        let workers = self.kam.workers();
        let spent = workers.iter().map(|worker| worker.cpu_time().as_secs_f64());
        spent.sum::<f64>() * 1e6
    }

    fn round(&mut self, datagrams: usize) {
        let done = AtomicBool::new(false);
        let mut wire = Wire::to(&self.kam);
        let (cpu, dropped) = (self.cpu_us(), self.kam.dropped());
        let (kam, datagram) = (&self.kam, &self.datagram);
        let answers = scope(|traffic| {
            let phone = traffic.spawn(|| phone(kam, "127.0.0.5", &done));
            wire.send(std::iter::repeat_n(FLOODER, datagrams), datagram);
            done.store(true, Relaxed);
            phone.join().expect("the phone")
        });
        self.kam.wait_idle();
        let arrived = datagrams as f64 - (self.kam.dropped() - dropped) as f64;
        self.us.push((self.cpu_us() - cpu) / arrived);
        self.answers.add(answers);
    }

    fn median(&self) -> f64 {
        let mut all = self.us.clone();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    fn least(&self) -> f64 {
        self.us.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

pub fn run(promises: &mut Promises) {
    let datagrams = share(DATAGRAMS) as usize;
    let key = FLOODER.to_string();
    let mut keepalive = Subject::start("a keepalive, dropped by Kamailio itself", NOTHING);
    keepalive.datagram = b"jaK ".to_vec();
    let mut subjects = [
        Subject::start(
            "pike and $sht(ipban), in the route",
            &stock::pike_ipban(20, 2, 3600),
        )
        .banned_by("htable.seti", json!(["ipban", format!("s:{key}"), 1])),
        Subject::start("$sht(ipban) in core:msg-received", MSG_RECEIVED)
            .banned_by("htable.seti", json!(["ipban", format!("s:{key}"), 1])),
        Subject::start("Palisade, edge=bans", &palisade("bans"))
            .banned_by("palisade.ban", json!([key, 3600])),
        Subject::start("Palisade, edge=off", &palisade("off"))
            .banned_by("palisade.ban", json!([key, 3600])),
        keepalive,
    ];
    for subject in &mut subjects {
        subject.round(datagrams / 4); // warm
        subject.us.clear();
    }
    for _ in 0..ROUNDS {
        subjects
            .iter_mut()
            .for_each(|subject| subject.round(datagrams));
    }

    println!("  {ROUNDS} rounds of {datagrams} datagrams, in turn; µs of worker CPU for each");
    println!("  {:<42} median    least  recipe/this", "");
    let recipe = subjects[RECIPE].median();
    for subject in &subjects {
        let (name, median, least) = (subject.name, subject.median(), subject.least());
        let ratio = recipe / median;
        println!("  {name:<42} {median:>6.2}   {least:>6.2}  {ratio:>6.1}");
    }
    let (ours, ratio) = (subjects[OURS].median(), recipe / subjects[OURS].median());
    let met = |met| if met { "met" } else { "missed" };
    println!(
        "  target ≤ {MOST_US} µs: {ours:.2}, {}",
        met(ours <= MOST_US)
    );
    println!(
        "  target ≥ {LEAST_RATIO} times less than the recipe: {ratio:.1}, {}",
        met(ratio >= LEAST_RATIO)
    );
    let answers = subjects[OURS].answers;
    promises.check(
        answers.all(),
        "a phone beside edge=bans is answered every time",
        &answers.to_string(),
    );
    for subject in subjects {
        subject.kam.stop();
    }
}
