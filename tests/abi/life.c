/* Start and stop, in the right order and in every other. */

#include "scenarios.h"
#include "toy.h"

/* the answers of a module that has not been started */
static void not_started(void)
{
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);
	palisade_text_t ip = TEXT("198.51.100.7");

	CHECK_IS(palisade_worker_start(), -1);
	palisade_tick();
	palisade_stop();
	palisade_edge_unavailable();
	CHECK_IS(palisade_edge_wanted(), -1);
	CHECK_IS(palisade_edge(&request.source, TEXT("OPTIONS sip:x SIP/2.0")), 1);
	CHECK_IS(palisade_check(&request), 1);
	CHECK_IS(palisade_rate_check(&request), 1);
	CHECK_IS(palisade_rate_check_ip(ip), 1);
	CHECK_IS(palisade_ban(ip), -1);
	CHECK_IS(palisade_ban_for(ip, 60), -1);
	CHECK_IS(palisade_ban_reason(ip, 60, TEXT("x")), -1);
	CHECK_IS(palisade_unban(ip), -1);
	CHECK_IS(palisade_is_banned(&request), -1);
	CHECK_IS(palisade_is_banned_key(ip), -1);
	CHECK_IS(palisade_auth_result(&request, -2, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_failed(&request, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_ok(&request, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_blocked(&request, TEXT("alice")), -1);
	CHECK_IS(palisade_check_agent(&request, TEXT("friendly-scanner")), 1);
	CHECK_IS(palisade_in_list(&request, TEXT("a")), -1);
	CHECK_IS(palisade_value_in_list(TEXT("a"), ip), -1);
	CHECK_IS(palisade_expect_keeper(), -1);
	CHECK_IS(palisade_keeper_turn(0), -1);
	CHECK_IS(palisade_never_wait(), -1);
}

void too_early(void)
{
	reply_t reply = {0};

	not_started();
	CHECK_IS(set_number("ipv6_prefix", 64), -1);
	CHECK_IS(set_text("on_fault", "drop"), -1);
	CHECK_IS(palisade_start(), -1);
	palisade_rpc(TEXT("stats"), NULL, 0, &reply); /* no host to answer to */
	CHECK_IS(reply.code, 0);
	CHECK_IS(palisade_load(NULL), -1);
	CHECK_IS(palisade_start(), -1);

	CHECK_IS(palisade_load(&toy_host), 0);
	not_started();
	CHECK_IS(ask("stats", 0)->code, 500);
	CHECK_IS(toy_log_lines(), 0);
	CHECK_IS(palisade_load(NULL), -1);
	CHECK_IS(palisade_start(), 0);
	CHECK_IS(palisade_worker_start(), 0);
	CHECK_IS(ask("stats", 0)->code, 0);
}

/* refused, in one line that begins so */
static void refused(int result, const char *line)
{
	CHECK_IS(result, -1);
	if(strncmp(toy_log, line, strlen(line)) != 0)
		fail(__FILE__, __LINE__, line, 0, 1);
	CHECK_IS(toy_log_lines(), 1);
}

void bad_parameters(void)
{
	palisade_text_t name = TEXT("on_fault");

	CHECK_IS(palisade_load(&toy_host), 0);
	refused(set_number("ipv6_prefix", 200),
			"palisade: ipv6_prefix=200: must be between 32 and 128\n");
	refused(set_number("ipv6_prefix", INT64_MIN),
			"palisade: ipv6_prefix=-9223372036854775808: must be between");
	refused(set_number("sources_max", INT64_MAX),
			"palisade: sources_max=9223372036854775807: must be between");
	refused(set_number("on_fault", 1), "palisade: on_fault=1: must be a text\n");
	refused(set_text("ipv6_prefix", "64"),
			"palisade: ipv6_prefix=64: must be a number");
	refused(set_text("on_fault", "no"),
			"palisade: on_fault=no: must be one of pass, drop\n");
	refused(set_text("agent_deny", "("), "palisade: agent_deny=(: must be ");
	refused(set_text("trusted", "192.0.2.0/24 home"), "palisade: trusted=home: ");
	refused(set_number("no_such", 1), "palisade: no_such=1: there is no such");
	/* NULL, empty, not UTF-8, with a NUL inside, longer than a line */
	refused(palisade_set_number(LEFT_OUT, 1), "palisade: =1: there is no such");
	refused(palisade_set_text(LEFT_OUT, LEFT_OUT), "palisade: =: there is no such");
	refused(palisade_set_text(name, LEFT_OUT), "palisade: on_fault=: must be");
	refused(palisade_set_text(name, TEXT("")), "palisade: on_fault=: must be");
	refused(palisade_set_text(name, TEXT("pass\0")),
			"palisade: on_fault=pass\\x00: must be");
	refused(palisade_set_text(name, TEXT("\xff\n\"")),
			"palisade: on_fault=\\xff\\n\\\": must be");
	refused(palisade_set_number(TEXT("\xff\n"), 1), "palisade: ");
	refused(palisade_set_text(TEXT("agent_deny"), TEXT("\xff")),
			"palisade: agent_deny=\\xff: must be");

	/* nothing of it is left */
	CHECK_IS(palisade_start(), 0);
	CHECK(strstr(ask("settings", 0)->written, "ipv6_prefix=64 ") != NULL);
	CHECK(strstr(ask("settings", 0)->written, "on_fault=pass ") != NULL);
}

void start_and_stop(void)
{
	palisade_message_t request = request_from("198.51.100.7", NULL);

	start("reqs_density_per_unit", 2);
	/* the host's table that was taken first counts */
	CHECK_IS(palisade_load(&toy_host), 0);
	refused(palisade_start(), "palisade: it was started before");
	refused(set_number("ipv6_prefix", 64), "palisade: ipv6_prefix: parameters are");
	refused(set_text("on_fault", "drop"), "palisade: on_fault: parameters are");
	CHECK_IS(palisade_worker_start(), 0);
	CHECK_IS(palisade_worker_start(), 0);
	for(int i = 0; i < 10; i++)
		palisade_tick();
	CHECK_IS(palisade_check(&request), 1);
	palisade_stop();
	CHECK(strstr(toy_log, "palisade: stop checked=1 faults=0\n") != NULL);
	/* it goes on: there is nothing that a stop would take away */
	CHECK_IS(palisade_check(&request), 1);
	CHECK_IS(palisade_check(&request), -2);
	palisade_stop();
}
