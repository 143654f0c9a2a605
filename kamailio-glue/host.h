/*
 * Palisade - what the host (Kamailio, or any other SIP server) offers to Rust.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One table of functions, handed over once by palisade_load(). Rust calls the
 * host through it and through nothing else: the Rust library has no undefined
 * symbol of the host's, so that it also links without Kamailio.
 *
 * bindgen reads this file (src/host.rs); plain C types only. Texts are bytes:
 * not NUL-terminated, not UTF-8. A text is valid until the call that received
 * it returns.
 */

#ifndef PALISADE_HOST_H
#define PALISADE_HOST_H

#include <stddef.h>
#include <stdint.h>

/* bytes of a text; data NULL: there is none */
typedef struct palisade_host_text
{
	const uint8_t *data;
	size_t len;
} palisade_host_text_t;

/* which text of a message; a part that is not there is the empty text */
enum palisade_host_part
{
	PALISADE_PART_METHOD = 0,		/* "REGISTER" */
	PALISADE_PART_USER_AGENT = 1,	/* body of User-Agent */
	PALISADE_PART_AUTH_USER = 2,	/* user of the digest credentials ($au) */
	PALISADE_PART_AUTH_REALM = 3,	/* realm of the credentials ($ar) */
	PALISADE_PART_FROM_USER = 4,	/* user of the From URI ($fU) */
	PALISADE_PART_FROM_HOST = 5,	/* host of the From URI ($fd) */
	PALISADE_PART_CALL_ID = 6,		/* body of Call-ID */
	PALISADE_PART_CSEQ = 7,			/* body of CSeq, "1 REGISTER" */
	PALISADE_PART_CREDENTIALS = 8,	/* body of (Proxy-)Authorization */
	PALISADE_PART_URI_USER = 9,		/* user of the R-URI as it came ($oU) */
	PALISADE_PART_TO_USER = 10,		/* user of the To URI ($tU) */
	PALISADE_PART_TO_HOST = 11,		/* host of the To URI ($td) */
	PALISADE_PART_TO_TAG = 12,		/* tag of To ($tt) */
	PALISADE_PART_FROM_TAG = 13,	/* tag of From ($ft) */
	PALISADE_PART_FROM_NAME = 14,	/* display name of From, without quotes */
	PALISADE_PART_AUTH_NAME = 15,	/* username of the credentials, whole */
	PALISADE_PART_URI = 16,			/* the R-URI as it came; of requests */
	PALISADE_PART_URI_HOST = 17,	/* host of it ($od) */
	PALISADE_PART_CONTACT = 18,		/* URI of a contact */
	PALISADE_PART_CONTACT_USER = 19, /* user of it */
	PALISADE_PART_CONTACT_HOST = 20, /* host of it */
	PALISADE_PART_CONTACT_NAME = 21, /* display name, without quotes */
	PALISADE_PART_RECORD_ROUTE_HOST = 22, /* host of a Record-Route's URI */
};

/* what a field of a table holds */
enum palisade_host_holds
{
	PALISADE_HOLDS_NOTHING = 0, /* SQL's NULL */
	PALISADE_HOLDS_NUMBER = 1,	/* also a time, in seconds since 1970 */
	PALISADE_HOLDS_TEXT = 2,	/* any bytes */
};

/* a field of a table */
typedef struct palisade_host_field
{
	const char *column; /* NUL-terminated; NULL in a row that was read */
	int32_t holds;		/* enum palisade_host_holds */
	int64_t number;
	palisade_host_text_t text;
} palisade_host_field_t;

/* what the functions about databases answer when they fail */
enum palisade_host_db_error
{
	PALISADE_DB_NO_DRIVER = -1,	 /* there is none for such a URL */
	PALISADE_DB_LATE_DRIVER = -2, /* there is one, but it isn't ready yet */
	PALISADE_DB_CLOSED = -3,	 /* the database can't be opened */
	PALISADE_DB_REFUSED = -4,	 /* it does not do what it was asked to */
	PALISADE_DB_UNABLE = -5,	 /* the driver can't do such things */
	PALISADE_DB_NO_MEMORY = -6,
};

/*
 * The functions of the host. Every one must be callable from every process,
 * must not keep a pointer it was given, and must not unwind into Rust.
 */
typedef struct palisade_host
{
	/* writes one line (without a newline) at Kamailio's level:
	 * -1 error, 0 warning, 1 notice, 2 info, 3 debug */
	void (*log)(int32_t level, const uint8_t *text, size_t len);

	/* a part of the message; message is what the request carried. A message
	 * may offer several sets of credentials: of the AUTH_* parts and of
	 * CREDENTIALS, index 0 is the one that was evaluated, or else would be
	 * first. Of CONTACT*, index is that of the contact, in any order; of
	 * RECORD_ROUTE_HOST, 0 is the topmost. All after the last are empty, and
	 * so is any other part's */
	palisade_host_text_t (*text)(
			const void *message, int32_t part, uint32_t index);

	/* closes the connection that the message came on */
	void (*close_connection)(const void *message);

	/*
	 * The reply of an RPC command, written from the outside in. Names are
	 * NUL-terminated; name is NULL for an element of a list. The first call
	 * opens the reply's own struct (name NULL); every open_* is closed by one
	 * close(). All return 0, or -1 when the reply has no room left; then the
	 * writer stops and the host answers with its own error.
	 */
	int32_t (*open_struct)(void *reply, const char *name);
	int32_t (*open_list)(void *reply, const char *name);
	int32_t (*close)(void *reply);
	int32_t (*add_number)(void *reply, const char *name, int64_t value);
	int32_t (*add_text)(
			void *reply, const char *name, const uint8_t *text, size_t len);

	/* answers with an error instead: 400, 403, 404, 500 and a sentence
	 * (NUL-terminated); nothing else is written after it */
	void (*fault)(void *reply, int32_t code, const char *sentence);

	/*
	 * A table of a database. These may take long and are called by who loads
	 * and edits lists, never while a message is handled. Names are
	 * NUL-terminated, made of letters, digits and _. They answer 0, or an
	 * enum palisade_host_db_error after a line in the log, but where it says
	 * otherwise. What db_select() was given stays until the next call of it,
	 * or db_close().
	 *
	 * A database may never answer, so Palisade forks a process for what asks
	 * it, and kills that when it takes too long. db_process() is called first
	 * in such a process, which is none of the host's own, and ends by _exit().
	 */
	void (*db_process)(void);
	int32_t (*db_open)(const char *url, void **database);
	/* rows of these columns, those whose fields equal these */
	int32_t (*db_select)(void *database, const char *table,
			const char *const *columns, size_t column_count,
			const palisade_host_field_t *equal, size_t equal_count);
	/* the next row: as many fields as there are columns, valid until the next
	 * call. 1, or 0 after the last */
	int32_t (*db_row)(void *database, palisade_host_field_t *fields);
	int32_t (*db_delete)(void *database, const char *table,
			const palisade_host_field_t *equal, size_t equal_count);
	int32_t (*db_insert)(void *database, const char *table,
			const palisade_host_field_t *fields, size_t count);
	/* from here on, nothing is changed before db_commit(), and nothing at all
	 * if db_close() comes first */
	int32_t (*db_begin)(void *database);
	int32_t (*db_commit)(void *database);
	void (*db_close)(void *database);
} palisade_host_t;

#endif
