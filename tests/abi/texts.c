/* Texts that nobody would write, and hosts that offer less than all. */

#include <sys/wait.h>
#include <unistd.h>

#include "scenarios.h"
#include "toy.h"

static const char *const COMMANDS[] = {"stats", "bans", "ban", "unban",
		"unban_all", "sources", "auth", "auth_clear", "agents", "scans", "show",
		"settings", "tables", "geo", "no_such", ""};
#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

/* this text wherever a text goes */
static void everywhere(palisade_text_t text)
{
	palisade_text_t arguments[] = {text, text, text};
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);
	static reply_t reply;

	for(int part = 0; part < PARTS; part++) {
		message.part[part].data = text.data;
		message.part[part].len = text.len;
	}
	palisade_rate_check_ip(text);
	palisade_ban(text);
	palisade_ban_for(text, 60);
	palisade_ban_reason(text, 60, text);
	palisade_ban_reason(TEXT("203.0.113.7"), 60, text);
	palisade_unban(text);
	palisade_is_banned_key(text);
	palisade_edge(&request.source, text);
	CHECK(palisade_check(&request) != 0);
	CHECK(palisade_check_agent(&request, text) != 0);
	CHECK(palisade_check_agent(&request, LEFT_OUT) != 0);
	CHECK(palisade_reply(&request, 401, text, NULL) != 0);
	CHECK(palisade_reply(&request, 401, text, &request.source) != 0);
	CHECK(palisade_signal(&request, text, 1) != 0);
	CHECK(palisade_auth_blocked(&request, text) != 0);
	CHECK(palisade_auth_failed(&request, text) != 0);
	CHECK(palisade_auth_failed(&request, LEFT_OUT) != 0);
	CHECK(palisade_auth_result(&request, -2, text) != 0);
	CHECK_IS(palisade_auth_ok(&request, text), 1);
	CHECK_IS(palisade_auth_ok(&request, LEFT_OUT), 1);
	CHECK(palisade_variable_named(text) < 0);
	CHECK_IS(palisade_set_text(TEXT("trusted"), text), -1);
	CHECK_IS(palisade_set_number(text, 1), -1);
	for(size_t i = 0; i < COMMAND_COUNT; i++) {
		for(size_t count = 0; count <= 3; count++) {
			memset(&reply, 0, sizeof(reply));
			reply.room = 1 << 30;
			palisade_rpc(text_of(COMMANDS[i], strlen(COMMANDS[i])),
					arguments, count, &reply);
			CHECK(reply.calls > 0 || reply.code != 0);
			CHECK_IS(reply.depth, 0);
		}
	}
	memset(&reply, 0, sizeof(reply));
	palisade_rpc(text, NULL, 0, &reply);
	CHECK_IS(reply.code, 404);
}

static void everywhere_exactly(const void *bytes, size_t len)
{
	char *exact = before_the_abyss(len);

	memcpy(exact, bytes, len);
	everywhere(text_of(exact, len));
}

void nasty_texts(void)
{
	static const char *const texts[] = {"\n", "\r\n\r\n", "\"", "\\", "%s%n%x",
			"a\"b\\c", "alice@example.com", "198.51.100.7 ", "[", "[]", "[::1",
			"::ffff:1.2.3.4.5", "/", "/32", "1.2.3.4/", "1.2.3.4/99999999999999",
			"-1", "+1", "9223372036854775807", "9223372036854775808",
			"18446744073709551616", "\xc3\x28", "\xff", "HOT", "friendly-scanner",
			"palisade: ban key=1.2.3.4"};
	static char large[1 << 20];
	static const int fills[] = {0, 1, ' ', 'a', '"', '\\', 0x7f, 0x80, 0xff};

	start("");
	everywhere(LEFT_OUT);
	everywhere_exactly("", 0);
	everywhere(text_of(NULL, 5)); /* left out, whatever its length says */
	for(size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		everywhere_exactly(texts[i], strlen(texts[i]));
	for(size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		static const size_t lengths[] = {1, 7, 8, 63, 64, 65, 95, 96, 97, 256,
				257, 511, 512, 513, 1024, 65536, sizeof(large)};

		memset(large, fills[i], sizeof(large));
		for(size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			everywhere_exactly(large, lengths[j]);
	}
	CHECK(strstr(ask("stats", 0)->written, "faults=0 ") != NULL);
}

static const palisade_host_t nothing;

/* all that a host can be asked for */
static void everything(const palisade_host_t *host)
{
	message_t message = {0};
	palisade_message_t request = request_from("198.51.100.7", &message);
	static reply_t reply;

	set_part(&message, PALISADE_PART_USER_AGENT, "friendly-scanner");
	request.flags = PALISADE_ON_CONNECTION;
	CHECK_IS(palisade_load(host), 0);
	CHECK_IS(set_number("ipv6_prefix", 200), -1);
	CHECK_IS(set_number("reqs_density_per_unit", 3), 0);
	CHECK_IS(palisade_start(), 0);
	CHECK_IS(palisade_worker_start(), 0);
	CHECK_IS(palisade_check(&request), host->read != NULL ? -2 : 1);
	CHECK_IS(palisade_check_agent(&request, TEXT("sipvicious")), -2);
	CHECK_IS(palisade_ban(TEXT("alice")), -1);
	CHECK_IS(palisade_ban(TEXT("198.51.100.7")), 1);
	CHECK_IS(palisade_check(&request), -1);
	CHECK_IS(message.closed > 0, host->close_connection != NULL);
	for(size_t i = 0; i < COMMAND_COUNT; i++) {
		memset(&reply, 0, sizeof(reply));
		reply.room = 1 << 30;
		palisade_rpc(text_of(COMMANDS[i], strlen(COMMANDS[i])), NULL, 0, &reply);
	}
	palisade_tick();
	palisade_stop();
}

void host_of_nulls(void)
{
	everything(&nothing);
	palisade_rpc(TEXT("stats"), NULL, 0, NULL);
}

void host_with_one_null(void)
{
	const size_t count = sizeof(palisade_host_t) / sizeof(void (*)(void));

	CHECK_IS(count, 21);
	for(size_t missing = 0; missing < count; missing++) {
		pid_t child = fork();
		int status;

		if(child == 0) {
			static palisade_host_t host;
			void (*none)(void) = NULL;

			host = toy_host;
			memcpy((char *)&host + missing * sizeof(none), &none, sizeof(none));
			everything(&host);
			_exit(0);
		}
		CHECK(waitpid(child, &status, 0) == child);
		CHECK_IS(status, 0);
	}
}
