/* What a script asks of a message, in the caller's buffer. */

#include <unistd.h>

#include "scenarios.h"
#include "toy.h"

/* its number, which every host may ask for before the start */
static int32_t named(const char *name)
{
	return palisade_variable_named(text_of(name, strlen(name)));
}

/* this text and this number, and not a byte behind the buffer's end */
static void is(const char *ip, const char *name, size_t room,
		const char *expected, int64_t expected_number)
{
	message_t message = {0};
	palisade_message_t request = request_from(ip, &message);
	char *buffer = before_the_abyss(room);
	int64_t number = -7;
	int32_t len = palisade_variable(
			&request, named(name), (uint8_t *)buffer, room, &number);

	CHECK_IS(len, (int)strlen(expected));
	CHECK(memcmp(buffer, expected, strlen(expected)) == 0);
	CHECK_IS(number, expected_number);
	CHECK_IS(palisade_variable(
					 &request, named(name), (uint8_t *)buffer, room, NULL),
			len);
}

static void has_none(const palisade_message_t *request, int32_t variable)
{
	uint8_t buffer[8] = "before";
	int64_t number = -7;

	CHECK_IS(palisade_variable(request, variable, buffer, sizeof(buffer), &number),
			-1);
	CHECK(strcmp((char *)buffer, "before") == 0);
	CHECK_IS(number, -7);
}

void variables(void)
{
	static const char ranges[] = "198.51.100.0,198.51.100.255,4200000000,Big\n"
								 "198.51.100.7,198.51.100.7,ES\n";
	char path[] = "/tmp/palisade-XXXXXX.csv";
	message_t message = {0};
	palisade_message_t request = request_from("203.0.113.7", &message);
	palisade_message_t nowhere = {0};
	int file = mkstemps(path, 4);

	CHECK(write(file, ranges, sizeof(ranges) - 1) == sizeof(ranges) - 1);
	close(file);
	CHECK_IS(named("nonsense"), -1);
	CHECK_IS(named(""), -1);
	CHECK_IS(palisade_variable_named(LEFT_OUT), -1);
	has_none(&request, named("source")); /* too early */

	CHECK_IS(palisade_load(&toy_host), 0);
	CHECK_IS(set_text("geo", path), 0);
	CHECK_IS(palisade_start(), 0);
	CHECK_IS(palisade_worker_start(), 0);
	CHECK_IS(unlink(path), 0);
	is("198.51.100.7", "country", 100, "ES", -1);
	is("198.51.100.7", "country", 1, "E", -1);
	is("198.51.100.7", "country", 0, "", -1);
	is("198.51.100.8", "asn", 100, "4200000000", 4200000000);
	is("198.51.100.8", "asn", 3, "420", 4200000000);
	is("203.0.113.7", "source", 100, "203.0.113.7", -1);
	has_none(&request, named("country"));
	has_none(&request, -1);
	has_none(&request, 1 << 20);
	has_none(&nowhere, named("source"));
	has_none(NULL, named("source"));
	request = request_from("198.51.100.7", &message);
	CHECK_IS(palisade_variable(&request, named("country"), NULL, 5, NULL), 0);
	CHECK(strstr(ask("stats", 0)->written, "faults=0 ") != NULL);
}
