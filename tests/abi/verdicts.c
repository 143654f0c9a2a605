/* The checks, with all their answers. A window lasts an hour, so that none
 * ends in a test. */

#include "scenarios.h"
#include "toy.h"

void verdicts(void)
{
	palisade_message_t flood = request_from("198.51.100.7", NULL);
	palisade_message_t rated = request_from("198.51.100.8", NULL);
	palisade_message_t trusted = request_from("192.0.2.1", NULL);
	palisade_message_t mapped = {.source.len = 16};

	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("trusted", "192.0.2.0/24"), 0);
	start("sampling_time_unit reqs_density_per_unit", 3600, 5);
	for(int i = 0; i < 5; i++) {
		CHECK_IS(palisade_check(&flood), 1);
		CHECK_IS(palisade_rate_check(&rated), 1);
	}
	CHECK_IS(palisade_check(&flood), -2);
	CHECK_IS(palisade_rate_check(&rated), -2);
	for(int i = 0; i < 5; i++) {
		CHECK_IS(palisade_check(&flood), -1);
		CHECK_IS(palisade_rate_check(&rated), -1);
	}
	CHECK_IS(palisade_is_banned(&flood), 1);
	CHECK_IS(palisade_is_banned(&rated), -1);
	/* one source, however its address is written */
	memcpy(mapped.source.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x07", 16);
	CHECK_IS(palisade_check(&mapped), -1);
	CHECK_IS(palisade_rate_check_ip(TEXT("198.51.100.8")), -1);
	CHECK_IS(palisade_rate_check_ip(TEXT("::ffff:198.51.100.8")), -1);
	CHECK_IS(palisade_rate_check_ip(TEXT("198.51.100.9")), 1);
	CHECK_IS(palisade_rate_check_ip(TEXT("2001:db8::1")), 1);
	for(int i = 0; i < 20; i++) {
		CHECK_IS(palisade_check(&trusted), 1);
		CHECK_IS(palisade_rate_check(&trusted), 1);
	}
	CHECK_IS(toy_log_lines(), 2); /* the ban, and the one that only is over */
	CHECK_IS(palisade_rate_check_ip(TEXT("alice")), -1);
	CHECK_IS(palisade_rate_check_ip(LEFT_OUT), -1);
	CHECK_IS(toy_log_lines(), 2);
}

void bans(void)
{
	palisade_text_t ip = TEXT("198.51.100.7");
	palisade_message_t request = request_from("198.51.100.7", NULL);
	char long_reason[65];

	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("trusted", "192.0.2.0/24"), 0);
	start("bans_max", 16);
	CHECK_IS(palisade_is_banned_key(ip), -1);
	CHECK_IS(palisade_unban(ip), -1);
	CHECK_IS(palisade_ban(ip), 1);
	CHECK_IS(palisade_is_banned_key(ip), 1);
	CHECK_IS(palisade_is_banned_key(TEXT("::ffff:198.51.100.7")), 1);
	CHECK_IS(palisade_is_banned(&request), 1);
	CHECK_IS(palisade_check(&request), -1);
	CHECK_IS(palisade_unban(ip), 1);
	CHECK_IS(palisade_unban(ip), -1);
	CHECK_IS(palisade_check(&request), 1);

	CHECK_IS(palisade_ban_for(ip, 0), 1);
	CHECK_IS(palisade_ban_for(ip, 315360000), 1);
	CHECK_IS(palisade_ban_for(ip, 315360001), -1);
	CHECK_IS(palisade_ban_for(ip, -1), -1);
	CHECK_IS(palisade_ban_for(ip, INT64_MIN), -1);
	CHECK_IS(palisade_ban_for(ip, INT64_MAX), -1);
	memset(long_reason, 'x', sizeof(long_reason));
	CHECK_IS(palisade_ban_reason(ip, 60, LEFT_OUT), 1);
	CHECK_IS(palisade_ban_reason(ip, 60, text_of(long_reason, 64)), 1);
	CHECK_IS(palisade_ban_reason(ip, 60, text_of(long_reason, 65)), -1);
	CHECK_IS(palisade_ban_reason(ip, 60, TEXT("")), -1);
	CHECK_IS(palisade_ban_reason(ip, 60, TEXT("a\0b")), -1);
	CHECK_IS(palisade_ban_reason(ip, 60, TEXT("\xff \"quoted\"")), 1);

	CHECK_IS(palisade_ban(TEXT("192.0.2.1")), -3);
	CHECK_IS(palisade_ban_for(TEXT("192.0.2.1"), 60), -3);
	CHECK_IS(palisade_ban_reason(TEXT("192.0.2.1"), 60, TEXT("x")), -3);
	CHECK_IS(palisade_ban(TEXT("2001:db8::1")), 1);
	CHECK_IS(palisade_is_banned_key(TEXT("2001:db8::2")), 1);
	CHECK_IS(palisade_unban(TEXT("2001:db8::3")), 1);

	/* full of bans that end later */
	for(int i = 0; i < 64; i++) {
		char key[32];

		snprintf(key, sizeof(key), "203.0.113.%d", i);
		palisade_ban_for(text_of(key, strlen(key)), 0);
	}
	CHECK_IS(palisade_ban_for(TEXT("203.0.113.99"), 1), -1);
	CHECK_IS(palisade_is_banned_key(TEXT("203.0.113.99")), -1);
}

void authentication(void)
{
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);
	palisade_message_t other = request_from("198.51.100.8", &message);
	palisade_text_t alice = TEXT("alice@example.com");

	start("auth_max_failures", 3);
	CHECK_IS(palisade_auth_blocked(&request, alice), -1);
	for(int code = -10; code <= 0; code++) {
		if(code != -2 && code != -3 && code != -8)
			CHECK_IS(palisade_auth_result(&request, code, alice), 1);
	}
	CHECK_IS(palisade_auth_result(&request, INT32_MIN, alice), 1);
	CHECK_IS(palisade_auth_result(&request, -2, alice), 1);
	CHECK_IS(palisade_auth_result(&request, -3, alice), 1);
	CHECK_IS(palisade_auth_result(&request, -8, alice), -2);
	CHECK_IS(palisade_auth_result(&request, -2, alice), -1);
	CHECK_IS(palisade_auth_result(&request, 1, alice), -1);
	CHECK_IS(palisade_auth_result(&request, -5, alice), -1);
	CHECK_IS(palisade_auth_blocked(&request, alice), 1);
	CHECK_IS(palisade_auth_blocked(&request, TEXT("ALICE@example.com")), 1);
	CHECK_IS(palisade_auth_blocked(&other, alice), -1);
	CHECK_IS(palisade_auth_result(&other, INT32_MAX, alice), 1);
	CHECK_IS(palisade_auth_ok(&request, alice), 1);
	CHECK_IS(palisade_auth_blocked(&request, alice), -1);
	CHECK_IS(palisade_auth_failed(&request, alice), 1);
	CHECK_IS(palisade_auth_failed(&request, alice), 1);
	CHECK_IS(palisade_auth_failed(&request, alice), -2);
	CHECK_IS(palisade_auth_failed(&request, alice), -1);

	/* left out: of the message; a message that names nobody counts nowhere */
	CHECK_IS(palisade_auth_blocked(&request, LEFT_OUT), -1);
	CHECK_IS(palisade_auth_failed(&request, LEFT_OUT), 1);
	set_part(&message, PALISADE_PART_AUTH_USER, "alice");
	set_part(&message, PALISADE_PART_AUTH_REALM, "example.com");
	CHECK_IS(palisade_auth_blocked(&request, LEFT_OUT), 1);
	CHECK_IS(palisade_auth_failed(&request, LEFT_OUT), -1);
	memset(&message, 0, sizeof(message));
	set_part(&message, PALISADE_PART_FROM_USER, "alice");
	set_part(&message, PALISADE_PART_FROM_HOST, "example.com");
	CHECK_IS(palisade_auth_blocked(&request, LEFT_OUT), 1);
}

void agents(void)
{
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);

	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("agent_deny", "^bad"), 0);
	start("");
	CHECK_IS(palisade_check_agent(&request, TEXT("Linphone")), 1);
	CHECK_IS(palisade_check_agent(&request, TEXT("")), 1);
	CHECK_IS(palisade_check_agent(&request, TEXT("Bad Phone")), -2);
	CHECK_IS(palisade_check_agent(&request, TEXT("friendly-scanner")), -2);
	CHECK_IS(palisade_check_agent(&request, LEFT_OUT), 1);
	set_part(&message, PALISADE_PART_USER_AGENT, "friendly-scanner");
	CHECK_IS(palisade_check_agent(&request, LEFT_OUT), -2);
	CHECK_IS(palisade_check_agent(&request, TEXT("Linphone")), 1);
	CHECK_IS(palisade_check(&request), -2);
	set_part(&message, PALISADE_PART_USER_AGENT, "Linphone");
	CHECK_IS(palisade_check(&request), 1);
	request.handle = NULL;
	CHECK_IS(palisade_check_agent(&request, TEXT("bad")), -2);
	CHECK_IS(palisade_check_agent(&request, LEFT_OUT), 1);
}

void edge(void)
{
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);
	palisade_text_t datagram = TEXT("OPTIONS sip:x@example.com SIP/2.0\r\n\r\n");

	start("");
	CHECK_IS(palisade_edge_wanted(), 1);
	CHECK_IS(palisade_edge(&request.source, datagram), 1);
	CHECK_IS(palisade_edge(NULL, datagram), 1);
	CHECK_IS(palisade_edge(&request.source, LEFT_OUT), 1);
	CHECK_IS(palisade_ban(TEXT("198.51.100.7")), 1);
	CHECK_IS(palisade_edge(&request.source, datagram), -1);
	CHECK_IS(palisade_edge(&request.source, LEFT_OUT), -1);
	CHECK_IS(palisade_edge(NULL, datagram), 1);
	/* only a message on a connection has one to close */
	CHECK_IS(palisade_check(&request), -1);
	CHECK_IS(message.closed, 0);
	request.flags = PALISADE_ON_CONNECTION;
	CHECK_IS(palisade_check(&request), -1);
	CHECK_IS(message.closed, 1);
	request.handle = NULL;
	CHECK_IS(palisade_check(&request), -1);
	toy_log_lines();
	palisade_edge_unavailable();
	CHECK_IS(toy_log_lines(), 1);
}

static void from_nowhere(const palisade_message_t *request)
{
	CHECK_IS(palisade_check(request), 1);
	CHECK_IS(palisade_rate_check(request), 1);
	CHECK_IS(palisade_is_banned(request), -1);
	CHECK_IS(palisade_auth_result(request, -2, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_failed(request, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_ok(request, TEXT("alice")), 1);
	CHECK_IS(palisade_auth_blocked(request, TEXT("alice")), -1);
	CHECK_IS(palisade_check_agent(request, TEXT("friendly-scanner")), 1);
	CHECK_IS(palisade_edge(request != NULL ? &request->source : NULL, LEFT_OUT), 1);
}

/* a message that the host made itself passes everything */
void no_source(void)
{
	static const uint32_t lengths[] = {0, 1, 3, 5, 15, 17, 255, UINT32_MAX};
	message_t message = {0};
	palisade_message_t request = {.handle = &message};

	start("reqs_density_per_unit auth_max_failures", 1, 1);
	for(int i = 0; i < 10; i++) {
		from_nowhere(NULL);
		for(size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			request.source.len = lengths[j];
			request.flags = i % 2 ? UINT32_MAX : 0;
			from_nowhere(&request);
		}
	}
	CHECK_IS(message.closed, 0);
	CHECK_IS(toy_log_lines(), 0);
}
