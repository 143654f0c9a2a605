//! The whole firewall: one flood over several processes makes one ban and one line in the log.

use super::processes::{fork_all, on_stage};
use super::shared::{Barrier, words};
use palisade::counters::Counter;
use palisade::policy::{Firewall, Verdict};
use palisade::settings::Settings;
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::source::Address;
use std::sync::OnceLock;

const ROUNDS: usize = 100;
const LIMIT: u64 = 30;

/// Lines that tell of a ban, from all processes of this stage.
static BAN_LINES: OnceLock<&AtomicU64> = OnceLock::new();

fn sink(_level: i32, line: &[u8]) {
    let is_ban = line.starts_with(b"palisade: ban key=");
    BAN_LINES
        .get()
        .expect("set before the firewall")
        .fetch_add(u64::from(is_ban), SeqCst);
}

fn address(round: usize) -> Address {
    Address::from_bytes(&[198, 18, (round / 256) as u8, (round % 256) as u8]).expect("four bytes")
}

#[test]
fn a_flood_over_several_processes_is_banned_once() {
    const EACH: u64 = 200;
    for processes in [2_u64, 4] {
        on_stage(|| {
            BAN_LINES.get_or_init(|| &words(1)[0]);
            let mut settings = Settings::default();
            for (name, value) in [
                ("reqs_density_per_unit", LIMIT as i64),
                ("sampling_time_unit", 3600),
                ("bans_max", 1000),
            ] {
                settings.set_number(name, value).expect(name);
            }
            let firewall = Firewall::new(settings, sink).expect("shared memory");
            let barrier = Barrier::of(processes as usize);
            let (passed, newly) = (words(ROUNDS), words(ROUNDS));
            fork_all(processes as usize, |_| {
                firewall.counters.take_row();
                for round in 0..ROUNDS {
                    barrier.wait(round);
                    for _ in 0..EACH {
                        match firewall.inspect_address(address(round), |it| it.check()) {
                            Verdict::Pass => _ = passed[round].fetch_add(1, SeqCst),
                            Verdict::NewlyBlocked => _ = newly[round].fetch_add(1, SeqCst),
                            Verdict::Blocked => {}
                        }
                    }
                }
            });
            let sum = |words: &[AtomicU64]| words.iter().map(|word| word.load(SeqCst)).sum::<u64>();
            for (round, (passed, newly)) in passed.iter().zip(newly).enumerate() {
                let [passed, newly] = [passed, newly].map(|word| word.load(SeqCst));
                let what = format!("round {round} of {processes}: {passed} passed, {newly} newly");
                // As in `rate::a_source_that_floods_several_processes_is_found`.
                assert!((LIMIT..=LIMIT * processes).contains(&passed), "{what}");
                assert!((1..=processes).contains(&newly), "{what}");
                assert!(firewall.is_banned(address(round)), "{what}");
            }
            let bans: Vec<_> = firewall.bans.bans(&firewall.clock).collect();
            assert_eq!(bans.len(), ROUNDS);
            let total = |counter| firewall.counters.total(counter);
            assert_eq!(total(Counter::Checked), processes * EACH * ROUNDS as u64);
            assert_eq!(total(Counter::Passed), sum(passed));
            assert_eq!(total(Counter::RateHot), sum(newly));
            let blocked = total(Counter::BlockedBan) + total(Counter::BlockedRate);
            assert_eq!(blocked, total(Counter::Checked) - sum(passed));
            let hits: u64 = bans.iter().map(|ban| ban.hits).sum();
            assert!(hits <= total(Counter::BlockedBan), "{hits}");
            let lines = BAN_LINES.get().expect("set above").load(SeqCst);
            assert_eq!(lines, total(Counter::BansRate));
            assert!(
                (ROUNDS as u64..=sum(newly)).contains(&lines),
                "{lines} lines"
            );
        });
    }
}
