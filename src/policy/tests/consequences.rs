//! What the parameter `policy` says, of passwords and of the rate.

use super::*;

const SOURCE: &str = "192.0.2.1";
const PASS: Verdict = Verdict::Pass;
const BLOCKED: Verdict = Verdict::Blocked;
const NEWLY: Verdict = Verdict::NewlyBlocked;

fn with(policy: &str) -> Firewall<Manual> {
    firewall(|settings| {
        settings.set_text("policy", policy.as_bytes()).unwrap();
        settings.set_number("reqs_density_per_unit", 2).unwrap();
    })
}

/// The words of each line that was logged, but for what comes after the reason or the user.
fn told() -> Vec<String> {
    let cut = |line: String| {
        line.split(' ')
            .skip(1)
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    logged().into_iter().map(cut).collect()
}

#[test]
fn of_wrong_passwords() {
    for (policy, verdicts, is_blocked, lines) in [
        ("auth=off", [PASS; 4], false, &[][..]),
        ("auth=log", [PASS; 4], false, &["found key=192.0.2.1"]),
        (
            "auth=block",
            [PASS, PASS, NEWLY, BLOCKED],
            true,
            &["auth_block user=\"alice@example.com\""],
        ),
        (
            "auth=ban:60",
            [PASS, PASS, NEWLY, BLOCKED],
            true,
            &["auth_block user=\"alice@example.com\"", "ban key=192.0.2.1"],
        ),
    ] {
        logged();
        let firewall = with(policy);
        let source = address(SOURCE);
        let got = ["1", "2", "3", "4"]
            .map(|call| firewall.auth_failed(source, None, &guess("alice", call, "wrong")));
        assert_eq!(got, verdicts, "{policy}");
        assert_eq!(told(), lines, "{policy}");
        let right = guess("alice", "5", "right");
        assert_eq!(
            firewall.auth_blocked(source, None, &right),
            is_blocked,
            "{policy}"
        );
        let result = firewall.auth_result(source, AuthResult::Success, None, &right);
        assert_eq!(result == BLOCKED, is_blocked, "{policy}");
        assert_eq!(
            firewall.is_banned(source),
            policy == "auth=ban:60",
            "{policy}"
        );
    }
}

#[test]
fn of_the_rate() {
    for (policy, verdicts, lines) in [
        ("rate=off", [PASS; 4], &[][..]),
        ("rate=log", [PASS; 4], &["found key=192.0.2.1"]),
        (
            "rate=block",
            [PASS, PASS, NEWLY, BLOCKED],
            &["block key=192.0.2.1"],
        ),
        (
            "rate=ban:60",
            [PASS, PASS, NEWLY, BLOCKED],
            &["ban key=192.0.2.1"],
        ),
    ] {
        logged();
        let firewall = with(policy);
        let got = [(); 4].map(|()| firewall.check(address(SOURCE), &NoMessage));
        assert_eq!(got, verdicts, "{policy}");
        assert_eq!(told(), lines, "{policy}");
        assert_eq!(firewall.is_banned(address(SOURCE)), policy == "rate=ban:60");
    }
}
