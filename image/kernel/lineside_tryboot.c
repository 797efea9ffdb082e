// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the Raspberry Pi's firmware that the next start is a trial, when a restart is asked with the word "tryboot".
 *
 * Debian's kernel has the firmware's mailbox but does not pass this word on. The firmware keeps the flag over one
 * restart and forgets it with that start, or with the power.
 */
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/of.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <soc/bcm2835/raspberrypi-firmware.h>

/* The property "set reboot flags", and its first flag. */
#define SET_REBOOT_FLAGS 0x00038064
#define START_ONCE 1

static struct rpi_firmware *firmware;

static int on_reboot(struct notifier_block *block, unsigned long action, void *words)
{
	u32 flags = START_ONCE;
	int fault;

	if (action != SYS_RESTART || !words || !strstr(words, "tryboot"))
		return NOTIFY_DONE;
	fault = rpi_firmware_property(firmware, SET_REBOOT_FLAGS, &flags, sizeof(flags));
	if (fault)
		pr_err("lineside_tryboot: the firmware took no trial (%d)\n", fault);
	else
		pr_info("lineside_tryboot: the firmware was told of a trial\n");
	return NOTIFY_OK;
}

static struct notifier_block on_reboot_block = { .notifier_call = on_reboot };

static int __init begin(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "raspberrypi,bcm2835-firmware");
	int fault;

	if (!node)
		return -ENODEV;
	firmware = rpi_firmware_get(node);
	of_node_put(node);
	if (!firmware)
		return -ENODEV;
	fault = register_reboot_notifier(&on_reboot_block);
	if (fault)
		rpi_firmware_put(firmware);
	return fault;
}

static void __exit end(void)
{
	unregister_reboot_notifier(&on_reboot_block);
	rpi_firmware_put(firmware);
}

module_init(begin);
module_exit(end);

MODULE_DESCRIPTION("Raspberry Pi: a restart with the word tryboot starts the other slot once");
MODULE_AUTHOR("Lineside");
MODULE_LICENSE("GPL");
