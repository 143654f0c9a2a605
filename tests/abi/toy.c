/* A host that is no SIP server: it notes what it is told. */

#include "toy.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

const palisade_text_t LEFT_OUT = {NULL, 0};

char toy_log[1 << 20];
static size_t log_used;

_Noreturn void fail(const char *file, int line, const char *what,
		long long actual, long long expected)
{
	printf("%s:%d: %s is %lld, not %lld\n%s", file, line, what, actual,
			expected, toy_log);
	fflush(stdout);
	_Exit(1);
}

palisade_text_t text_of(const char *bytes, size_t len)
{
	palisade_text_t text = {(const uint8_t *)bytes, len};

	return text;
}

/* where a page ends and the next must not be touched: a byte too far is a
 * crash, in C and in Rust */
char *before_the_abyss(size_t len)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	static const size_t room = 2 << 20;
	static char *start = MAP_FAILED;

	if(start == MAP_FAILED) {
		start = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(start != MAP_FAILED);
		CHECK(mprotect(start + room, page, PROT_NONE) == 0);
	}
	return start + room - len;
}

palisade_message_t request_from(const char *ipv4, const message_t *message)
{
	palisade_message_t request = {.handle = message};

	request.source.len = 4;
	CHECK(inet_pton(AF_INET, ipv4, request.source.bytes) == 1);
	return request;
}

void set_part(message_t *message, int part, const char *text)
{
	message->part[part].data = (const uint8_t *)text;
	message->part[part].len = strlen(text);
}

/* ---- the log */

static void toy_write(int32_t level, const uint8_t *text, size_t len)
{
	CHECK(level >= -5 && level <= 3);
	CHECK(len > 0 && len <= 1024);
	if(log_used + len + 2 > sizeof(toy_log))
		log_used = 0;
	/* one line, of printable ASCII, whatever came from outside */
	for(size_t i = 0; i < len; i++)
		CHECK(text[i] >= ' ' && text[i] <= '~');
	memcpy(toy_log + log_used, text, len);
	log_used += len;
	toy_log[log_used++] = '\n';
	toy_log[log_used] = '\0';
}

int toy_log_lines(void)
{
	int lines = 0;

	for(size_t i = 0; i < log_used; i++)
		lines += toy_log[i] == '\n';
	log_used = 0;
	return lines;
}

/* ---- the message */

static const struct
{
	const char *name;
	int32_t method;
} methods[] = {
		{"INVITE", PALISADE_METHOD_INVITE},
		{"REGISTER", PALISADE_METHOD_REGISTER},
		{"OPTIONS", PALISADE_METHOD_OPTIONS},
		{"PRACK", PALISADE_METHOD_PRACK},
		{"ACK", PALISADE_METHOD_ACK},
};

static int32_t method_of(palisade_host_text_t text)
{
	if(text.data == NULL || text.len == 0)
		return PALISADE_METHOD_NONE;
	for(size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if(text.len == strlen(methods[i].name)
				&& memcmp(text.data, methods[i].name, text.len) == 0)
			return methods[i].method;
	return PALISADE_METHOD_OTHER;
}

/* What is read stays until the next call. It lies in memory of its own, and no
 * more is written to it than host.h says: valgrind and the sanitizers know. */
static palisade_host_reading_t *toy_read(const void *handle)
{
	static palisade_host_reading_t *reading;
	const message_t *message = handle;
	const palisade_host_text_t *part = message->part;

	CHECK(message != NULL);
	free(reading);
	reading = malloc(sizeof(*reading));
	CHECK(reading != NULL);
	reading->method = method_of(part[PALISADE_PART_METHOD]);
	reading->is_request = part[PALISADE_PART_URI].len > 0
						  || part[PALISADE_PART_METHOD].len > 0;
	reading->unreadable = message->unreadable;
	reading->is_evaluated = 0;
	reading->judged = 0;
	reading->counted = 0;
	memcpy(reading->single, part, sizeof(reading->single));
	reading->credentials_count = part[PALISADE_PART_CREDENTIALS].data != NULL
								 || part[PALISADE_PART_AUTH_USER].data != NULL;
	if(reading->credentials_count > 0)
		memcpy(reading->credentials[0], part + PALISADE_PART_AUTH_USER,
				sizeof(reading->credentials[0]));
	reading->contact_count = part[PALISADE_PART_CONTACT].data != NULL;
	if(reading->contact_count > 0)
		memcpy(reading->contacts[0], part + PALISADE_PART_CONTACT,
				sizeof(reading->contacts[0]));
	return reading;
}

static palisade_host_text_t toy_route(const void *message)
{
	CHECK(message != NULL);
	return ((const message_t *)message)->part[PALISADE_PART_RECORD_ROUTE_HOST];
}

static void toy_close(const void *message)
{
	CHECK(message != NULL);
	((message_t *)message)->closed++;
}

/* ---- the reply */

/* one more call: is there room for it, and is its name as host.h says? */
static bool has_room(reply_t *reply, const char *name)
{
	bool wants_name = reply->depth > 0 && reply->open[reply->depth - 1] == '{';

	CHECK(!reply->is_full);
	CHECK_IS(reply->code, 0);
	CHECK_IS(name != NULL, wants_name);
	reply->is_full = reply->calls++ >= reply->room;
	return !reply->is_full;
}

static void write_down(reply_t *reply, const char *name, const char *format, ...)
{
	size_t room = sizeof(reply->written) - reply->used;
	char *end = reply->written + reply->used;
	va_list values;
	int len = snprintf(end, room, "%s%s", name ? name : "", name ? "=" : "");

	va_start(values, format);
	len += vsnprintf(end + len, room - len, format, values);
	va_end(values);
	CHECK((size_t)len + 1 < room);
	reply->used += len;
	strcat(end, " ");
	reply->used++;
}

static int32_t open_one(reply_t *reply, const char *name, char kind)
{
	/* the first call opens the reply's own struct, and there is one */
	CHECK_IS(reply->calls == 0, reply->depth == 0);
	CHECK(reply->depth > 0 || kind == '{');
	CHECK(reply->depth < (int)sizeof(reply->open));
	if(!has_room(reply, name))
		return -1;
	write_down(reply, name, "%c", kind);
	reply->open[reply->depth++] = kind;
	return 0;
}

static int32_t toy_open_struct(void *reply, const char *name)
{
	return open_one(reply, name, '{');
}

static int32_t toy_open_list(void *reply, const char *name)
{
	return open_one(reply, name, '[');
}

static int32_t toy_end(void *handle)
{
	reply_t *reply = handle;

	CHECK(reply->depth > 0 && !reply->is_full);
	reply->is_full = reply->calls++ >= reply->room;
	if(reply->is_full)
		return -1;
	write_down(reply, NULL, reply->open[--reply->depth] == '{' ? "}" : "]");
	return 0;
}

static int32_t toy_add_number(void *handle, const char *name, int64_t value)
{
	reply_t *reply = handle;

	CHECK(reply->depth > 0);
	if(!has_room(reply, name))
		return -1;
	write_down(reply, name, "%lld", (long long)value);
	return 0;
}

static int32_t toy_add_text(
		void *handle, const char *name, const uint8_t *text, size_t len)
{
	reply_t *reply = handle;

	CHECK(reply->depth > 0);
	if(!has_room(reply, name))
		return -1;
	for(size_t i = 0; i < len; i++)
		CHECK(text[i] >= ' ' && text[i] <= '~');
	write_down(reply, name, "%.*s", (int)len, (const char *)text);
	return 0;
}

static void toy_fault(void *handle, int32_t code, const char *sentence)
{
	reply_t *reply = handle;

	CHECK(!reply->is_full);
	CHECK_IS(reply->calls, 0);
	CHECK_IS(reply->code, 0);
	CHECK(code == 400 || code == 403 || code == 404 || code == 500);
	reply->code = code;
	write_down(reply, NULL, "%s", sentence);
}

reply_t *ask_within(int room, const char *command, int count, ...)
{
	static reply_t reply;
	palisade_text_t arguments[8];
	va_list texts;

	memset(&reply, 0, sizeof(reply));
	reply.room = room;
	va_start(texts, count);
	for(int i = 0; i < count; i++) {
		const char *text = va_arg(texts, const char *);

		arguments[i] = text_of(text, text != NULL ? strlen(text) : 0);
	}
	va_end(texts);
	palisade_rpc(text_of(command, strlen(command)),
			count > 0 ? arguments : NULL, count, &reply);
	/* a reply is whole, or it is cut where there was no more room, or it is an
	 * error */
	CHECK(reply.is_full || reply.depth == 0);
	CHECK(reply.calls > 0 || reply.code != 0);
	return &reply;
}

const palisade_host_t toy_host = {
		.log = toy_write,
		.read = toy_read,
		.route = toy_route,
		.close_connection = toy_close,
		.open_struct = toy_open_struct,
		.open_list = toy_open_list,
		.close = toy_end,
		.add_number = toy_add_number,
		.add_text = toy_add_text,
		.fault = toy_fault,
};

/* ---- the start */

int set_number(const char *name, int64_t value)
{
	return palisade_set_number(text_of(name, strlen(name)), value);
}

int set_text(const char *name, const char *value)
{
	return palisade_set_text(
			text_of(name, strlen(name)), text_of(value, strlen(value)));
}

/* names, separated by blanks, and an int for each */
void start(const char *names, ...)
{
	char copy[256];
	char *rest = copy;
	va_list values;

	CHECK_IS(palisade_load(&toy_host), 0);
	snprintf(copy, sizeof(copy), "%s", names);
	va_start(values, names);
	for(char *name; (name = strtok_r(rest, " ", &rest)) != NULL;)
		CHECK_IS(set_number(name, va_arg(values, int)), 0);
	va_end(values);
	CHECK_IS(palisade_start(), 0);
	CHECK_IS(palisade_worker_start(), 0);
	toy_log_lines();
}
