/*
 * Palisade - dialogs, as Kamailio's dialog module knows them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/sr_module.h"
#include "modules/dialog/dlg_hash.h"
#include "modules/dialog/dlg_load.h"

#include "dialog.h"

/* all zero without the dialog module */
static struct dlg_binds dialogs;

void dialog_init(void)
{
	if(load_dlg_api(&dialogs) != 0)
		memset(&dialogs, 0, sizeof(dialogs));
}

int32_t dialog_holds(const void *message)
{
	struct dlg_cell *dialog;
	int is_confirmed;

	if(dialogs.get_dlg == NULL)
		return 0;
	dialog = dialogs.get_dlg((sip_msg_t *)message);
	if(dialog == NULL)
		return -1;
	/* before the call is answered, the module knows no tag of the callee, and
	 * takes any To tag for it */
	is_confirmed = dialog->state == DLG_STATE_CONFIRMED_NA
				   || dialog->state == DLG_STATE_CONFIRMED;
	dialogs.release_dlg(dialog);
	return is_confirmed ? 1 : -1;
}
