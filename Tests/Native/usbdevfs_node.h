// The device node of one USB device: answers usbdevfs's ioctls out of a USB/IP link.
#ifndef USBDEVFS_NODE_H
#define USBDEVFS_NODE_H

#include <umockdev.h>

#include "usbip_link.h"

#define USB_TYPE_NODE (usb_node_get_type())
G_DECLARE_FINAL_TYPE(UsbNode, usb_node, USB, NODE, UMockdevIoctlBase)

// Takes `link`, `fifo` and `descriptors` (the device's, then each configuration's; the first one is active).
// `fifo` is both ends of the pipe that stands in the testbed for the node.
UsbNode *usb_node_new(struct usbip_link *link, uint32_t speed, uint32_t number, GByteArray *descriptors, int fifo);
// After the link's end: every ioctl answers ENODEV once the URBs are reaped.
void usb_node_unplug(UsbNode *node);

struct open_file {
    UsbNode *node;
    GHashTable *flying;  // the URB's address in the client -> struct urb
    GQueue done;
    size_t offset;
};

struct urb {
    struct usbip_urb wire;
    UsbNode *node;
    struct open_file *file;  // NULL once the file is closed
    uint64_t address;
    uint8_t type;
    gboolean ending;
};

struct _UsbNode {
    UMockdevIoctlBase parent_instance;
    struct usbip_link *link;
    GByteArray *descriptors;
    uint32_t speed, number, configuration;
    int fifo;
    void (*configured)(UsbNode *);  // the configuration has changed
    gint gone;
    GMutex lock;  // everything below, and every file's `flying` and `done`
    gboolean ready;
    unsigned done;
    struct open_file *owners[64];
    uint64_t interfaces;
    struct { gboolean there; uint8_t interface, kind, interval; } ends[32];
};

// These answer 0 or a negative errno, as the kernel's ioctl would.
int usb_node_claim(struct open_file *file, uint32_t interface, gboolean explicitly);
int usb_node_release(struct open_file *file, uint32_t interface);
int usb_node_configure(UsbNode *node, uint32_t value);
int usb_node_submit(struct open_file *file, struct urb *urb);
int usb_node_discard(struct open_file *file, uint64_t address);
// The oldest URB that is done, or NULL; the caller frees it with usb_urb_free.
struct urb *usb_node_reap(struct open_file *file);
void usb_urb_free(struct urb *urb);
int usb_node_endpoint(UsbNode *node, uint8_t address);

// usbdevfs_ioctls.c
gboolean usb_node_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client);

#endif
