/* The RPC commands, to a host that has room and to one that runs out of it. */

#include "scenarios.h"
#include "toy.h"

/* some of everything to report */
static void fill(void)
{
	message_t message = {0};
	char key[32];

	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("trusted", "192.0.2.0/24"), 0);
	start("sampling_time_unit reqs_density_per_unit", 3600, 2);
	for(int i = 1; i <= 5; i++) {
		palisade_message_t request;

		snprintf(key, sizeof(key), "198.51.100.%d", i);
		request = request_from(key, &message);
		for(int n = 0; n < i; n++) {
			palisade_rate_check(&request);
			palisade_auth_failed(&request, TEXT("alice \"\xff\" @example.com"));
		}
		CHECK_IS(palisade_ban_reason(text_of(key, strlen(key)), 60 * i, TEXT("a b")), 1);
	}
	toy_log_lines();
}

static void answers(reply_t *reply, int code, const char *part)
{
	CHECK_IS(reply->code, code);
	if(strstr(reply->written, part) == NULL)
		fail(__FILE__, __LINE__, reply->written, 0, 1);
}

void replies(void)
{
	fill();
	answers(ask("bans", 0), 0, "{ total=5 rows=[ { key=198.51.100.");
	answers(ask("bans", 0), 0, " reason=a b since=");
	answers(ask("bans", 2, "4", "1"), 0, "{ total=5 rows=[ { key=");
	answers(ask("bans", 1, "5"), 0, "{ total=5 rows=[ ] } ");
	answers(ask("sources", 1, "HOT"), 0, "total=3 ");
	answers(ask("auth", 0), 0, "user=alice \\\"\\xff\\\" @example.com source=");
	answers(ask("agents", 0), 0, "{ pattern=friendly-scanner hits=0 }");
	answers(ask("tables", 0), 0, "{ table=bans capacity=65536 used=5 ");
	answers(ask("settings", 0), 0, "trusted=192.0.2.0/24 ");
	answers(ask("stats", 0), 0, "bans_manual=5 ");
	answers(ask("show", 1, "198.51.100.3"), 0, "now=blocked: banned, reason=\"a b\"");
	answers(ask("show", 1, "192.0.2.3"), 0, "now=pass: trusted");
	answers(ask("ban", 3, "203.0.113.1", "60", "x"), 0, "{ key=203.0.113.1 seconds=60 } ");
	answers(ask("unban", 1, "203.0.113.1"), 0, "{ key=203.0.113.1 } ");
	answers(ask("unban", 1, "203.0.113.1"), 404, "key=203.0.113.1: is not banned");
	answers(ask("ban", 1, "192.0.2.1"), 403, "key=192.0.2.1: is in a trusted network");
	answers(ask("ban", 1, "alice"), 400, "key=alice: must be an IPv4 or IPv6 address");
	answers(ask("ban", 1, NULL), 400, "key: is missing");
	answers(ask("ban", 0), 400, "key: is missing");
	answers(ask("no_such", 0), 404, "there is no palisade.no_such");
	answers(ask("", 0), 404, "there is no palisade.");
	answers(ask("unban_all", 0), 0, "{ lifted=5 } ");
}

/* no call after the first that has no room, and no error either: the host
 * answers with its own */
static void runs_full(const char *command, const char *argument)
{
	int count = argument != NULL ? 1 : 0;
	int calls = ask(command, count, argument)->calls;

	CHECK(calls >= 3);
	for(int room = 0; room < calls; room++) {
		reply_t *reply = ask_within(room, command, count, argument);

		CHECK(reply->is_full);
		CHECK_IS(reply->calls, room + 1);
		CHECK_IS(reply->code, 0);
	}
	CHECK(!ask_within(calls, command, count, argument)->is_full);
}

void replies_that_run_full(void)
{
	fill();
	runs_full("stats", NULL);
	runs_full("bans", NULL);
	runs_full("sources", "ALL");
	runs_full("auth", NULL);
	runs_full("agents", NULL);
	runs_full("settings", NULL);
	runs_full("tables", NULL);
	runs_full("show", "198.51.100.3");
	runs_full("ban", "203.0.113.1");
	runs_full("unban_all", NULL);
	CHECK(strstr(ask("stats", 0)->written, "faults=0 ") != NULL);
}
