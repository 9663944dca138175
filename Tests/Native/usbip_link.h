// The client's end of one USB/IP connection: imports a device and carries its URBs.
#ifndef USBIP_LINK_H
#define USBIP_LINK_H

#include <glib.h>
#include <stdint.h>

struct usbip_link;

struct usbip_urb {
    uint8_t endpoint;   // bit 7 set: towards the host
    uint8_t setup[8];   // control transfers only
    uint32_t flags;     // USBDEVFS_URB_SHORT_NOT_OK and USBDEVFS_URB_ZERO_PACKET
    uint32_t interval;
    uint32_t length;
    uint8_t *data;      // outwards: filled by the caller; inwards: allocated when the answer is there
    int32_t status;     // 0 or a negative errno, as in the kernel
    uint32_t actual;
    void (*done)(struct usbip_urb *);  // called once, on the link's thread, without locks
    uint32_t seqnum;
};

// Connects and imports BUSID; NULL and a text in *error when that fails. *speed is a kernel's USB_SPEED_*.
// `ended` runs on the link's thread after the connection is gone and every URB is done.
struct usbip_link *usbip_import(const char *host, const char *port, const char *busid, uint32_t *speed, char **error);
void usbip_start(struct usbip_link *link, void (*ended)(void *), void *context);

// False when the connection is gone: then `done` is not called.
gboolean usbip_submit(struct usbip_link *link, struct usbip_urb *urb);
// Asks for an early end; an URB that is done already is left alone.
void usbip_unlink(struct usbip_link *link, uint32_t seqnum);
// One control transfer, waited for. Bytes moved, or a negative errno.
int usbip_control(struct usbip_link *link, const uint8_t setup[8], uint8_t *data, unsigned seconds);

void usbip_hang_up(struct usbip_link *link);
// Hangs up, waits for the thread and frees the link.
void usbip_free(struct usbip_link *link);

#endif
