/*
 * Palisade without Kamailio: reads a list of addresses, as if a request came
 * from each, and says what the firewall makes of it.
 *
 * Each line holds an address and, if you like, a User-Agent behind it. An
 * empty line is nothing; what else cannot be read is skipped with a warning.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "palisade.h"

/* ---- what a host offers: here, standard output */

/* A message is whatever the host says it is. Ours is a User-Agent. */
typedef struct message
{
	const char *agent;
} message_t;

static void host_log(int32_t level, const uint8_t *text, size_t len)
{
	/* 0 is a warning; the start is told at 2, and would differ from one
	 * machine to another */
	if(level <= 0)
		printf("  | %.*s\n", (int)len, (const char *)text);
}

/* What is read stays until the next call. */
static palisade_host_reading_t *host_read(const void *handle)
{
	static palisade_host_reading_t reading;
	const message_t *message = handle;
	palisade_host_text_t *agent = &reading.single[PALISADE_PART_USER_AGENT];

	/* a request of which nothing is known but its User-Agent */
	memset(&reading, 0, sizeof(reading));
	reading.is_request = 1;
	agent->data = (const uint8_t *)message->agent;
	agent->len = strlen(message->agent);
	return &reading;
}

/* The reply of a command is written call by call. This host prints each; the
 * handle is how deep it is in structs and lists. */
typedef struct reply
{
	int depth;
} reply_t;

static int32_t reply_open(void *handle, const char *name)
{
	reply_t *reply = handle;

	if(name != NULL)
		printf("%*s%s:\n", 2 * reply->depth, "", name);
	reply->depth++;
	return 0;
}

static int32_t reply_close(void *handle)
{
	reply_t *reply = handle;

	reply->depth--;
	return 0;
}

static int is_time(const char *name)
{
	return strcmp(name, "since") == 0 || strcmp(name, "until") == 0
		   || strcmp(name, "left") == 0;
}

static int32_t reply_number(void *handle, const char *name, int64_t value)
{
	reply_t *reply = handle;

	/* times would be other ones whenever this runs */
	if(!is_time(name))
		printf("%*s%s: %lld\n", 2 * reply->depth, "", name, (long long)value);
	return 0;
}

static int32_t reply_text(
		void *handle, const char *name, const uint8_t *text, size_t len)
{
	reply_t *reply = handle;

	printf("%*s%s: %.*s\n", 2 * reply->depth, "", name, (int)len,
			(const char *)text);
	return 0;
}

static void reply_fault(void *handle, int32_t code, const char *sentence)
{
	(void)handle;
	printf("error %d: %s\n", code, sentence);
}

/* What it does not offer (connections to close) is left out. */
static const palisade_host_t host = {
		.log = host_log,
		.read = host_read,
		.open_struct = reply_open,
		.open_list = reply_open,
		.close = reply_close,
		.add_number = reply_number,
		.add_text = reply_text,
		.fault = reply_fault,
};

/* ---- the server */

static palisade_text_t text_of(const char *s)
{
	palisade_text_t text = {(const uint8_t *)s, strlen(s)};

	return text;
}

/* -1 when the text is no address */
static int read_address(const char *text, palisade_address_t *address)
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	address->len = family == AF_INET6 ? 16 : 4;
	return inet_pton(family, text, address->bytes) == 1 ? 0 : -1;
}

static void check(const char *from, const char *agent)
{
	message_t message = {agent};
	palisade_message_t request = {.handle = &message};

	if(read_address(from, &request.source) < 0) {
		printf("%-16s is no address\n", from);
		return;
	}
	switch(palisade_check(&request)) {
		case 1:
			printf("%-16s pass\n", from);
			break;
		case -1:
			printf("%-16s blocked\n", from);
			break;
		case -2:
			printf("%-16s blocked from now on\n", from);
			break;
	}
}

/* takes the memory; everything is set before */
static int start(void)
{
	if(palisade_load(&host) != 0)
		return -1;
	/* three requests an hour: enough for a list */
	if(palisade_set_number(text_of("sampling_time_unit"), 3600) != 0
			|| palisade_set_number(text_of("reqs_density_per_unit"), 3) != 0
			|| palisade_set_number(text_of("rate_ban_time"), 0) != 0
			|| palisade_set_number(text_of("agent_ban_time"), 600) != 0
			|| palisade_set_text(text_of("trusted"), text_of("192.0.2.0/24"))
					   != 0)
		return -1;
	if(palisade_start() != 0)
		return -1;
	/* A server that forks does so here; each of its processes then calls: */
	return palisade_worker_start();
}

int main(void)
{
	char line[256], from[64], agent[192];
	reply_t reply = {0};

	if(start() != 0) /* the log has said why */
		return 1;
	while(fgets(line, sizeof(line), stdin) != NULL) {
		agent[0] = '\0';
		if(sscanf(line, "%63s %191[^\n]", from, agent) >= 1)
			check(from, agent);
	}
	puts("\npalisade.bans:");
	palisade_rpc(text_of("bans"), NULL, 0, &reply);
	palisade_stop();
	return 0;
}
