//! Lists that are written back and replaced by processes that are killed at it.

use super::processes::{End, fork, on_stage};
use super::random::Random;
use super::shared::words;
use palisade::lists::edit::Change;
use palisade::lists::keeper::Order;
use palisade::policy::Firewall;
use palisade::settings::Settings;
use palisade::shm::atomic::Ordering::SeqCst;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So many lines that writing them takes a while.
const LINES: u32 = 20_000;
const KILLS: usize = 40;
const VALUE: &[u8] = b"192.0.2.77";

/// A server with one list of networks, in a file.
struct Server {
    firewall: Firewall,
    dir: tempfile::TempDir,
}

impl Server {
    /// Its list is not loaded yet: no fail point has been passed.
    fn new() -> Server {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::default();
        let text = format!(
            "name=a;kind=network;action=deny;file={}",
            dir.path().join("a.list").display()
        );
        settings.set_text("list", text.as_bytes()).expect("a list");
        settings.set_number("lists_memory", 64).expect("memory");
        let firewall = Firewall::new(settings, |_, _| {}).expect("shared memory");
        std::fs::write(dir.path().join("a.list"), old()).expect("write");
        Server { firewall, dir }
    }

    fn load(&self) {
        let order = Order::Reload { list: b"" };
        self.firewall.order(&order).expect("a reload");
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("a.list")
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.path()).expect("the file is there at every moment")
    }

    fn add(&self) {
        let change = Change::Add {
            seconds: 0,
            comment: b"",
        };
        self.edit(change).expect("it is added");
    }

    fn edit(&self, change: Change<'_>) -> Result<String, String> {
        let order = Order::Edit {
            list: b"a",
            value: VALUE,
            change,
        };
        self.firewall
            .order(&order)
            .map_err(|why| format!("{why:?}"))
    }

    fn holds(&self) -> bool {
        self.firewall.value_in_list(b"a", VALUE).expect("the list")
    }

    /// Whoever comes after finds a list and a file that agree, and can change them.
    fn others_go_on(&self) {
        self.load();
        assert_eq!(self.holds(), self.file() == new());
        self.add();
        assert!(self.holds() && self.file() == new());
        self.edit(Change::Remove).expect("it is removed");
        assert!(!self.holds() && self.file() == old());
        let left: Vec<_> = self.dir.path().read_dir().expect("the folder").collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

fn old() -> String {
    let address = |number| std::net::Ipv4Addr::from(0x0100_0000 + number);
    (0..LINES)
        .map(|number| format!("{}\n", address(number)))
        .collect()
}

fn new() -> String {
    format!("{}192.0.2.77\n", old())
}

#[test]
fn a_process_that_is_killed_while_it_writes_back_leaves_the_old_file_or_the_new_one() {
    on_stage(|| {
        let server = Server::new();
        server.load();
        let begun = &words(1)[0];
        let mut random = Random(7);
        let (mut olds, mut news) = (0, 0);
        for kill in 0.. {
            if kill >= KILLS && olds > 0 && news > 0 {
                break;
            }
            assert!(kill < 20 * KILLS, "old {olds} times, new {news} times");
            // It lives as long as this machine, as busy as it is, takes for two edits and a load.
            let start = Instant::now();
            server.others_go_on();
            let life = u64::try_from(start.elapsed().as_micros()).expect("no ages");
            begun.store(0, SeqCst);
            let victim = fork(|| {
                loop {
                    begun.fetch_add(1, SeqCst);
                    server.add();
                    server.edit(Change::Remove).expect("it is removed");
                }
            });
            while begun.load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(random.below(life.max(1))));
            victim.kill();
            assert_eq!(victim.wait(), End::Killed(libc::SIGKILL));
            match server.file() {
                file if file == old() => olds += 1,
                file if file == new() => news += 1,
                file => panic!("kill {kill}: {} bytes: torn", file.len()),
            }
        }
        server.others_go_on();
    });
}

#[cfg(feature = "failpoints")]
#[test]
fn a_process_that_dies_before_and_after_the_new_file_has_taken_the_place_of_the_old_one() {
    for (point, is_new) in [("lists.written", false), ("lists.renamed", true)] {
        on_stage(|| {
            let server = Server::new();
            super::failpoints::die_at(point, || server.load(), || server.add());
            assert_eq!(server.file() == new(), is_new, "{point}");
            assert_eq!(server.file() == old(), !is_new, "{point}");
            assert!(!server.holds(), "{point}");
            server.others_go_on();
        });
    }
}

/// Who asked it gives up after a while; the next keeper goes on with what others ask.
#[cfg(feature = "failpoints")]
#[test]
fn a_keeper_that_dies_with_a_letter_in_its_hands() {
    use palisade::lists::mailbox::Outcome;
    on_stage(|| {
        let server = Server::new();
        let firewall = &server.firewall;
        firewall.expect_keeper();
        let letter = Order::Reload { list: b"" }.write();
        let ask = |patience| firewall.lists.mailbox().ask(&letter, patience);
        let prepare = || assert_eq!(ask(Duration::ZERO), Outcome::Posted);
        super::failpoints::die_at("lists.taken", prepare, || firewall.keep(Duration::ZERO));
        assert_eq!(
            ask(Duration::from_millis(20)),
            Outcome::Late,
            "nobody reads"
        );
        let keeper = fork(|| {
            loop {
                firewall.keep(Duration::from_secs(1));
            }
        });
        for _ in 0..20 {
            let answer = ask(Duration::from_secs(60));
            assert_eq!(answer, Outcome::Answered(0, "0 failed".into()));
        }
        keeper.kill();
        assert_eq!(keeper.wait(), End::Killed(libc::SIGKILL));
    });
}
