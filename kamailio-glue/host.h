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
 * not NUL-terminated, not UTF-8. A text that is handed over is valid until the
 * exported function that was called with the message returns.
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

/* what Kamailio takes the method for: it ignores the case of letters */
enum palisade_host_method
{
	PALISADE_METHOD_NONE = 0, /* no SIP, or of a reply without a CSeq */
	PALISADE_METHOD_OTHER = 1,
	PALISADE_METHOD_INVITE = 2,
	PALISADE_METHOD_ACK = 3,
	PALISADE_METHOD_BYE = 4,
	PALISADE_METHOD_CANCEL = 5,
	PALISADE_METHOD_REGISTER = 6,
	PALISADE_METHOD_OPTIONS = 7,
	PALISADE_METHOD_PRACK = 8,
	PALISADE_METHOD_UPDATE = 9,
	PALISADE_METHOD_INFO = 10,
	PALISADE_METHOD_SUBSCRIBE = 11,
	PALISADE_METHOD_NOTIFY = 12,
	PALISADE_METHOD_MESSAGE = 13,
	PALISADE_METHOD_REFER = 14,
	PALISADE_METHOD_PUBLISH = 15,
};

/* The texts of a message. */
enum palisade_host_part
{
	/* of which there is one: palisade_host_reading_t.single */
	PALISADE_PART_METHOD = 0,	  /* "REGISTER", as it was written */
	PALISADE_PART_USER_AGENT = 1, /* body of User-Agent */
	PALISADE_PART_CALL_ID = 2,	  /* body of Call-ID */
	PALISADE_PART_CSEQ = 3,		  /* body of CSeq, "1 REGISTER" */
	PALISADE_PART_FROM_USER = 4,  /* user of the From URI ($fU) */
	PALISADE_PART_FROM_HOST = 5,  /* host of the From URI ($fd) */
	PALISADE_PART_FROM_NAME = 6,  /* display name, without quotes */
	PALISADE_PART_TO_USER = 7,	  /* user of the To URI ($tU) */
	PALISADE_PART_TO_HOST = 8,	  /* host of the To URI ($td) */
	PALISADE_PART_TO_TAG = 9,	  /* tag of To ($tt) */
	PALISADE_PART_URI = 10,		  /* the R-URI as it came; of requests */
	PALISADE_PART_URI_USER = 11,  /* user of it ($oU) */
	PALISADE_PART_URI_HOST = 12,  /* host of it ($od) */

	/* of each set of digest credentials: .credentials */
	PALISADE_PART_AUTH_USER = 13,	/* user, without its domain ($au) */
	PALISADE_PART_AUTH_REALM = 14,	/* realm ($ar) */
	PALISADE_PART_AUTH_NAME = 15,	/* username, whole ($aU) */
	PALISADE_PART_CREDENTIALS = 16, /* body of (Proxy-)Authorization */

	/* of each contact: .contacts */
	PALISADE_PART_CONTACT = 17,		 /* its URI */
	PALISADE_PART_CONTACT_USER = 18, /* user of it */
	PALISADE_PART_CONTACT_HOST = 19, /* host of it */
	PALISADE_PART_CONTACT_NAME = 20, /* display name, without quotes */

	/* what palisade_host_t.route answers */
	PALISADE_PART_RECORD_ROUTE_HOST = 21,
};

enum palisade_host_limit
{
	PALISADE_SINGLE_PARTS = 13, /* parts of which there is one */
	PALISADE_SET_PARTS = 4,		/* parts of credentials, and of a contact */
	/* more is not looked at, and said to be PALISADE_MANY_... */
	PALISADE_CREDENTIALS_MAX = 3,
	PALISADE_CONTACTS_MAX = 8,
	PALISADE_HEADERS_MAX = 256,
};

/* what is there and can't be read */
enum palisade_host_unreadable
{
	/* a header, and all that follow it; or where others read other headers */
	PALISADE_UNREADABLE_HEADERS = 1,
	PALISADE_UNREADABLE_URI = 2,	 /* the R-URI */
	PALISADE_UNREADABLE_FROM = 4,
	PALISADE_UNREADABLE_TO = 8,
	PALISADE_UNREADABLE_CONTACT = 16,
	PALISADE_UNREADABLE_CREDENTIALS = 32,
	PALISADE_MANY_CONTACTS = 64,
	PALISADE_MANY_CREDENTIALS = 128,
	PALISADE_MANY_HEADERS = 256,
};

/*
 * A message, read. A text that is not there, or can't be read, is empty; of
 * credentials and contacts those beyond their count mean nothing.
 */
typedef struct palisade_host_reading
{
	int32_t method;		 /* enum palisade_host_method; of a reply, its CSeq's */
	uint32_t is_request; /* 1: of SIP */
	uint32_t unreadable; /* enum palisade_host_unreadable, or-ed */
	uint32_t credentials_count;
	uint32_t contact_count;
	/* 1: the host itself has evaluated the first credentials */
	uint32_t is_evaluated;
	/* Written by Rust alone. What it has made of what is read: 0 in what is
	 * read anew. */
	uint32_t judged;
	/* 1: the message was counted as one that can't be read; it stays while it
	 * is the same message */
	uint32_t counted;
	palisade_host_text_t single[PALISADE_SINGLE_PARTS];
	/* The first is the one that was evaluated, or else would be. */
	palisade_host_text_t
			credentials[PALISADE_CREDENTIALS_MAX][PALISADE_SET_PARTS];
	/* in any order */
	palisade_host_text_t contacts[PALISADE_CONTACTS_MAX][PALISADE_SET_PARTS];
} palisade_host_reading_t;

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

	/* Reads a message; message is the handle that came with it. It writes
	 * nothing into the log, and costs at most what the host's own parser does
	 * once, however often it is called for one message. What is read stays
	 * until the next call. */
	palisade_host_reading_t *(*read)(const void *message);

	/* all of a message as it came; nothing where it is not kept any more */
	palisade_host_text_t (*bytes)(const void *message);

	/* host of the topmost Record-Route's URI */
	palisade_host_text_t (*route)(const void *message);

	/* does the message belong to a dialog that the host knows, of a call that
	 * has been answered? 1 yes, -1 no,
	 * 0 the host keeps no dialogs */
	int32_t (*in_dialog)(const void *message);

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
