/*
 * Palisade's benchmark - hostile messages, put together from pieces.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <string.h>

#include "grammar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What every request has; a piece may stand in the place of one of them. */
enum place
{
	MORE,
	URI,
	VIA,
	FROM,
	TO,
	CALL_ID,
	CSEQ,
	PLACES
};

static const char *const usual[PLACES] = {
		[URI] = "sip:example.com",
		[VIA] = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776\r\n",
		[FROM] = "From: <sip:alice@example.com>;tag=1\r\n",
		[TO] = "To: <sip:alice@example.com>\r\n",
		[CALL_ID] = "Call-ID: 84b4c76e66710@192.0.2.1\r\n",
		[CSEQ] = "CSeq: 2 ~\r\n",
};

/* In each text # is the filler, $ a number that is another each time, ~ the
 * method. */
typedef struct piece
{
	const char *name;
	enum place place;
	const char *head;
	const char *each; /* as often as the part's count says */
	const char *tail;
} piece_t;

#define DIGEST_TAIL "realm=\"x\",nonce=\"n\",uri=\"u\",response=\"0\""

/* clang-format off */
static const piece_t pieces[] = {
	{"a:b", MORE, "", "a:b\r\n", ""},
	{"a: with LF alone", MORE, "", "a:\n", ""},
	{"a header", MORE, "X: ", "#", "\r\n"},
	{"a folded header", MORE, "X: ", "#\r\n ", "\r\n"},
	{"Max-Forwards", MORE, "", "Max-Forwards: 70\r\n", "Max-Forwards: 7\r\n"},
	{"an unreadable Max-Forwards", MORE, "", "Max-Forwards: #\r\n", ""},
	{"User-Agent", MORE, "User-Agent: ", "#", "\r\n"},
	{"a scanner's User-Agent", MORE, "User-Agent: friendly-scanner", "#", "\r\n"},
	{"User-Agents", MORE, "", "User-Agent: #\r\n", ""},
	{"m: of many", MORE, "m: ", "<sip:#@h>,", "<sip:a@h>\r\n"},
	{"m: of bare URIs", MORE, "m: ", "sip:#$,", "sip:a@h\r\n"},
	{"m: by address", MORE, "m: ", "<sip:#@192.0.2.$>,", "<sip:a@h>\r\n"},
	{"m: of no URIs", MORE, "m: ", "#,", "a\r\n"},
	{"m: without an end", MORE, "m: ", "<sip:#@h>,", "<sip:a@h\r\n"},
	{"a Contact's parameters", MORE, "Contact: <sip:a@h>", ";a=\"#\"", "\r\n"},
	{"a Contact's URI", MORE, "Contact: <sip:a@h", ";a=#", ">\r\n"},
	{"a Contact's name", MORE, "Contact: \"", "#", "\" <sip:a@h>\r\n"},
	{"Contacts", MORE, "", "Contact: \"$\" <sip:#$@h>\r\n", ""},
	{"Contacts with bad ports", MORE, "", "Contact: <sip:#@h:99999999>\r\n", ""},
	{"Authorization:x", MORE, "", "Authorization:x\r\n", ""},
	{"Authorizations", MORE, "",
		"Authorization: Digest username=\"#$\"," DIGEST_TAIL "\r\n", ""},
	{"Proxy-Authorizations", MORE, "",
		"Proxy-Authorization: Digest username=\"#$@h\"," DIGEST_TAIL "\r\n", ""},
	{"Authorizations with a realm", MORE, "",
		"Authorization: Digest username=\"a$\",realm=\"#$\",nonce=\"n\",uri=\"u\",response=\"0\"\r\n", ""},
	{"broken Authorizations", MORE, "",
		"Authorization: Digest username=\"#\"," DIGEST_TAIL ",foo\r\n", ""},
	{"an Authorization's parameters", MORE,
		"Authorization: Digest username=\"a\",", "x=\"#\",", DIGEST_TAIL "\r\n"},
	{"an Authorization's quotes", MORE,
		"Authorization: Digest username=\"a\",x=", "#", "," DIGEST_TAIL "\r\n"},
	{"no Digest", MORE, "", "Authorization: Basic #\r\n", ""},
	{"Record-Routes", MORE, "", "Record-Route: <sip:#@192.0.2.1;lr>\r\n", ""},
	{"a Record-Route of many", MORE, "Record-Route: ", "<sip:#>,", "<sip:a>\r\n"},
	{"a Record-Route's parameters", MORE, "Record-Route: <sip:192.0.2.1", ";a=#", ">\r\n"},
	{"Vias", MORE, "", "Via: SIP/2.0/UDP h;branch=#\r\n", ""},
	{"a Via of many", MORE, "v: SIP/2.0/UDP h", ",SIP/2.0/UDP #", "\r\n"},
	{"Routes", MORE, "", "Route: <sip:#;lr>\r\n", ""},
	{"Supported", MORE, "Supported: ", "#,", "\r\n"},
	{"a From user", FROM, "From: <sip:", "#", "@h>;tag=1\r\n"},
	{"a From host", FROM, "From: <sip:a@h", "#", ">;tag=1\r\n"},
	{"a From name", FROM, "From: \"", "#", "\" <sip:a@h>;tag=1\r\n"},
	{"From's parameters", FROM, "From: <sip:a@h>;tag=1", ";a=#", "\r\n"},
	{"From's URI", FROM, "f: <sip:a@h", ";a=#", ">;tag=1\r\n"},
	{"an unreadable From", FROM, "From: <sip:a@h;tag=", "#", "\r\n"},
	{"a From with a bad port", FROM, "From: <sip:", "#", "@h:99999999>;tag=1\r\n"},
	{"a To user", TO, "To: <sip:", "#", "@h>\r\n"},
	{"a To host", TO, "To: <sip:a@h", "#", ">\r\n"},
	{"a To tag", TO, "t: <sip:a@h>;tag=", "#", "\r\n"},
	{"an unreadable To", TO, "To: <sip:a@h", "#", "\r\n"},
	{"a CSeq", CSEQ, "CSeq: 2 ~", "#", "\r\n"},
	{"a Call-ID", CALL_ID, "i: ", "#", "\r\n"},
	{"an R-URI user", URI, "sip:", "#", "@example.com"},
	{"an R-URI host", URI, "sip:a@h", "#", ""},
	{"an R-URI's parameters", URI, "sip:a@h", ";a=#", ""},
	{"a tel: R-URI", URI, "tel:+", "#", ""},
};

static const char *const fillers[] = {
	"a", "%41", "%2527", "o'a", "/*a", "--a", "select a ", "union ", "or 1=",
	"'", "\"", "\\\"", "%", "\xff", "\xc3\xa9", " ", "\t ", "\r\n ", ",", ";",
	"=", "<", "@", ":", "(a", "0", "-", "\",\"", "friendly-", "\"=\"",
};

static const char *const methods[] = {
	"REGISTER", "INVITE", "OPTIONS", "register", "NONSENSE", "REGISTER", "INVITE",
};
/* clang-format on */

uint64_t random_next(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static unsigned random_below(uint64_t *random, unsigned limit)
{
	return (random_next(random) >> 32) * limit >> 32;
}

/* A message under construction: a text that does not fit is left out whole. */
typedef struct writing
{
	const recipe_t *recipe;
	char *to;
	int used;
	int room;
	unsigned number;
} writing_t;

static int put(writing_t *writing, const char *bytes, int len)
{
	if(len > writing->room - writing->used)
		return 0;
	memcpy(writing->to + writing->used, bytes, len);
	writing->used += len;
	return 1;
}

static int put_filler(writing_t *writing, const part_t *part)
{
	const char *filler = fillers[part->filler];
	int len = strlen(filler), left = part->size, fits = 1;

	for(; left > 0 && fits; left -= len)
		fits = put(writing, filler, len < left ? len : left);
	return fits;
}

static int put_text(writing_t *writing, const char *text, const part_t *part)
{
	int before = writing->used, fits = 1;
	char number[16];

	for(; *text != '\0' && fits; text++) {
		if(*text == '#' && part != NULL) {
			fits = put_filler(writing, part);
		} else if(*text == '$') {
			snprintf(number, sizeof(number), "%u", writing->number++ % 256);
			fits = put(writing, number, strlen(number));
		} else if(*text == '~') {
			const char *method = methods[writing->recipe->method];

			fits = put(writing, method, strlen(method));
		} else {
			fits = put(writing, text, 1);
		}
	}
	if(!fits)
		writing->used = before;
	return fits;
}

static void put_part(writing_t *writing, const part_t *part)
{
	const piece_t *piece = &pieces[part->piece];
	int times = part->count, tail = strlen(piece->tail);

	if(!put_text(writing, piece->head, part))
		return;
	writing->room -= tail;
	while(times-- > 0 && put_text(writing, piece->each, part))
		;
	writing->room += tail;
	put_text(writing, piece->tail, part);
}

static void put_place(writing_t *writing, enum place place)
{
	const recipe_t *recipe = writing->recipe;
	int index;

	for(index = 0; index < recipe->parts_count; index++) {
		if(pieces[recipe->parts[index].piece].place == place) {
			put_part(writing, &recipe->parts[index]);
			if(place != MORE)
				return;
		}
	}
	if(place != MORE)
		put_text(writing, usual[place], NULL);
}

static void replace_bytes(const recipe_t *recipe, char *text, int len)
{
	static const char bytes[] = "\r\n \t\"<>,;:=@%'\\()/0aZ\xff\x80\x01";
	uint64_t random = recipe->seed;
	int index;

	for(index = 0; index < recipe->changes; index++)
		text[random_below(&random, len)] =
				bytes[random_below(&random, sizeof(bytes) - 1)];
}

int recipe_write(const recipe_t *recipe, char *to)
{
	/* room for what comes behind a long piece */
	static const int reserve = 400;
	writing_t writing = {.recipe = recipe, .to = to};
	int place;

	writing.room = MESSAGE_BYTES - reserve;
	put_text(&writing, "~ ", NULL);
	put_place(&writing, URI);
	writing.room = MESSAGE_BYTES - reserve + 80;
	put_text(&writing, " SIP/2.0\r\n", NULL);
	put_place(&writing, VIA);
	writing.room = MESSAGE_BYTES - reserve;
	if(recipe->is_first)
		put_place(&writing, MORE);
	writing.room = MESSAGE_BYTES - 160;
	for(place = FROM; place < PLACES; place++)
		put_place(&writing, place);
	if(!recipe->is_first)
		put_place(&writing, MORE);
	writing.room = MESSAGE_BYTES;
	put_text(&writing, "Content-Length: 0\r\n\r\n", NULL);
	replace_bytes(recipe, to, writing.used);
	to[writing.used] = '\0';
	return writing.used;
}

/* a filler as it can be printed in a table */
static void describe_filler(const char *filler, char *to, size_t room)
{
	size_t used = 0;

	to[0] = '\0';
	for(; *filler != '\0' && used + 5 < room; filler++) {
		unsigned char byte = *filler;
		int is_plain = byte >= ' ' && byte < 0x7f && byte != '|' && byte != '`';

		used += snprintf(
				to + used, room - used, is_plain ? "%c" : "\\x%02x", byte);
	}
}

void recipe_describe(const recipe_t *recipe, char *to, size_t room)
{
	char filler[64];
	size_t used = 0;
	int index;

	used += snprintf(to, room, "%s%s", methods[recipe->method],
			recipe->is_first ? ", pieces first" : "");
	for(index = 0; index < recipe->parts_count && used < room; index++) {
		const part_t *part = &recipe->parts[index];

		describe_filler(fillers[part->filler], filler, sizeof(filler));
		used += snprintf(to + used, room - used, "; %s %u× %u B of `%s`",
				pieces[part->piece].name, part->count, part->size, filler);
	}
	if(recipe->changes != 0 && used < room)
		snprintf(to + used, room - used, "; %u bytes replaced (seed %u)",
				recipe->changes, recipe->seed);
}

int recipe_kind(const recipe_t *recipe)
{
	int index, kind = 0;
	uint32_t most = 0;

	for(index = 0; index < recipe->parts_count; index++) {
		const part_t *part = &recipe->parts[index];
		uint32_t bytes = part->count
						 * (part->size + (uint32_t)strlen(pieces[part->piece].each));

		if(bytes > MESSAGE_BYTES)
			bytes = MESSAGE_BYTES;
		if(bytes > most) {
			most = bytes;
			kind = part->piece;
		}
	}
	return kind;
}

/* how many, of how many bytes */
static const uint16_t amounts[][2] = {
		{1, 20}, {1, 500}, {1, 1500}, {1, 64000}, {4, 60}, {8, 100}, {9, 10},
		{16, 40}, {100, 20}, {2000, 4}, {20000, 1}};

int recipe_first(unsigned index, recipe_t *recipe)
{
	unsigned amount = index % COUNT(amounts);
	unsigned filler = index / COUNT(amounts) % COUNT(fillers);
	unsigned piece = index / COUNT(amounts) / COUNT(fillers);

	if(piece >= COUNT(pieces))
		return 0;
	memset(recipe, 0, sizeof(*recipe));
	recipe->method = index % 2;
	recipe->parts_count = 1;
	recipe->parts[0] = (part_t){.piece = piece,
			.filler = filler,
			.count = amounts[amount][0],
			.size = amounts[amount][1]};
	return 1;
}

static uint16_t random_amount(uint64_t *random, uint16_t old)
{
	switch(random_below(random, 4)) {
		case 0:
			return old < 32000 ? old * 2 : old;
		case 1:
			return old / 2;
		case 2:
			return old < MESSAGE_BYTES ? old + 1 : old;
		default:
			/* of any magnitude */
			return (random_next(random) & 0xffff) >> random_below(random, 16);
	}
}

static part_t random_part(uint64_t *random)
{
	unsigned amount = random_below(random, COUNT(amounts));
	part_t part = {.piece = random_below(random, COUNT(pieces)),
			.filler = random_below(random, COUNT(fillers)),
			.count = amounts[amount][0],
			.size = amounts[amount][1]};

	return part;
}

void recipe_change(recipe_t *recipe, uint64_t *random)
{
	part_t *part = &recipe->parts[random_below(random, recipe->parts_count)];

	switch(random_below(random, 8)) {
		case 0:
			if(recipe->parts_count < PARTS_MAX)
				recipe->parts[recipe->parts_count++] = random_part(random);
			break;
		case 1:
			*part = random_part(random);
			break;
		case 2:
			if(recipe->parts_count > 1)
				*part = recipe->parts[--recipe->parts_count];
			break;
		case 3:
			part->filler = random_below(random, COUNT(fillers));
			break;
		case 4:
			recipe->changes = random_below(random, 8);
			recipe->seed = random_next(random);
			break;
		case 5:
			recipe->method = random_below(random, COUNT(methods));
			recipe->is_first = random_below(random, 2);
			break;
		case 6:
			part->count = random_amount(random, part->count);
			break;
		default:
			part->size = random_amount(random, part->size);
	}
}
