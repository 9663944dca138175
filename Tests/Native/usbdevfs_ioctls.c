// What usbdevfs answers to each ioctl. Runs on the testbed's one worker thread.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "usbdevfs_node.h"

enum { LATER = INT_MIN, LONGEST = 16 << 20, REAP_MS = 100, CLOSE_MS = 20 };

static gboolean load(UMockdevIoctlClient *client, void *value, size_t size) {
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(argument, 0, size, NULL);
    if (data != NULL) memcpy(value, data->data, size);
    return data != NULL;
}

static int store(UMockdevIoctlClient *client, const void *value, size_t size) {
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(argument, 0, size, NULL);
    if (data == NULL) return -EFAULT;
    memcpy(data->data, value, size);
    return 0;
}

static void answer(UMockdevIoctlClient *client, int result) {
    umockdev_ioctl_client_complete(client, result < 0 ? -1 : result, result < 0 ? -result : 0);
}

// MARK: calls that wait for one transfer

struct call {
    struct usbip_urb wire;
    UsbNode *node;
    UMockdevIoctlClient *client;
    UMockdevIoctlData *reply;
    GMainContext *context;
    GSource *limit;
    gboolean late;
    int configuration;  // to be taken over on success, or -1
};

static gboolean call_over(void *argument) {
    struct call *call = argument;
    int result = call->wire.status != 0 ? call->wire.status : (int)call->wire.actual;
    if (call->late && result == -ENOENT) result = -ETIMEDOUT;
    if (result >= 0 && call->configuration >= 0) result = usb_node_configure(call->node, (uint32_t)call->configuration);
    if (result > 0 && call->reply != NULL && call->wire.data != NULL)
        umockdev_ioctl_data_update(call->reply, 0, call->wire.data, result);
    answer(call->client, result);
    if (call->limit != NULL) {
        g_source_destroy(call->limit);
        g_source_unref(call->limit);
    }
    g_clear_object(&call->reply);
    g_main_context_unref(call->context);
    g_object_unref(call->client);
    g_free(call->wire.data);
    g_free(call);
    return G_SOURCE_REMOVE;
}

static void call_done(struct usbip_urb *wire) {
    struct call *call = (struct call *)wire;
    g_main_context_invoke(call->context, call_over, call);
}

static gboolean call_late(void *argument) {
    struct call *call = argument;
    call->late = TRUE;
    usbip_unlink(call->node->link, call->wire.seqnum);
    return G_SOURCE_REMOVE;
}

static struct call *call_new(UsbNode *node, UMockdevIoctlClient *client, uint8_t endpoint, uint32_t length) {
    struct call *call = g_new0(struct call, 1);
    call->wire = (struct usbip_urb){.endpoint = endpoint, .length = length, .done = call_done};
    call->node = node;
    call->client = g_object_ref(client);
    call->context = g_main_context_ref_thread_default();
    call->configuration = -1;
    return call;
}

static int call_start(struct call *call, uint32_t milliseconds) {
    if (!usbip_submit(call->node->link, &call->wire)) {
        call->wire.status = -ENODEV;
        call_over(call);
    } else if (milliseconds > 0) {
        call->limit = g_timeout_source_new(milliseconds);
        g_source_set_callback(call->limit, call_late, call, NULL);
        g_source_attach(call->limit, call->context);
    }
    return LATER;
}

static int request(UsbNode *node, UMockdevIoctlClient *client, uint8_t type, uint8_t code, uint32_t value,
                   uint32_t index, int configuration) {
    struct call *call = call_new(node, client, 0, 0);
    const uint8_t setup[8] = {type, code, value & 0xff, value >> 8 & 0xff, index & 0xff, index >> 8 & 0xff, 0, 0};
    memcpy(call->wire.setup, setup, sizeof setup);
    call->configuration = configuration;
    return call_start(call, 5000);
}

// Control and bulk: `offset` is where in the argument of `size` bytes the address of the data stands.
static int transfer(struct call *call, size_t size, size_t offset, uint32_t milliseconds) {
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(call->client);
    g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(argument, 0, size, NULL);
    if (call->wire.length > 0 && data != NULL) {
        call->reply = umockdev_ioctl_data_resolve(data, offset, call->wire.length, NULL);
        if (call->reply != NULL && !(call->wire.endpoint & USB_DIR_IN))
            call->wire.data = g_memdup2(call->reply->data, call->wire.length);
    }
    if (call->wire.length > 0 && call->reply == NULL) {
        call->wire.status = -EFAULT;
        call_over(call);
        return LATER;
    }
    return call_start(call, milliseconds);
}

static int control(struct open_file *file, UMockdevIoctlClient *client) {
    struct usbdevfs_ctrltransfer c;
    if (!load(client, &c, sizeof c)) return -EFAULT;
    struct call *call = call_new(file->node, client, c.bRequestType & USB_DIR_IN, c.wLength);
    memcpy(call->wire.setup, &c, 8);
    return transfer(call, sizeof c, offsetof(struct usbdevfs_ctrltransfer, data), c.timeout);
}

static int bulk(struct open_file *file, UMockdevIoctlClient *client) {
    struct usbdevfs_bulktransfer b;
    if (!load(client, &b, sizeof b)) return -EFAULT;
    int end = usb_node_endpoint(file->node, (uint8_t)b.ep);
    if (end < 0 || b.len > LONGEST) return end < 0 ? end : -EINVAL;
    int claimed = usb_node_claim(file, file->node->ends[end].interface, FALSE);
    if (claimed != 0) return claimed;
    struct call *call = call_new(file->node, client, (uint8_t)b.ep, b.len);
    return transfer(call, sizeof b, offsetof(struct usbdevfs_bulktransfer, data), b.timeout);
}

// MARK: URBs

static int describe(struct open_file *file, const struct usbdevfs_urb *given, struct urb *urb) {
    UsbNode *node = file->node;
    if (given->buffer_length < 0 || given->buffer_length > LONGEST) return -EINVAL;
    urb->type = given->type;
    urb->wire.endpoint = given->endpoint;
    urb->wire.length = (uint32_t)given->buffer_length;
    urb->wire.flags = given->flags & (USBDEVFS_URB_SHORT_NOT_OK | USBDEVFS_URB_ZERO_PACKET);
    if (given->type == USBDEVFS_URB_TYPE_CONTROL) return given->buffer_length < 8 ? -EINVAL : 0;
    if (given->type != USBDEVFS_URB_TYPE_BULK && given->type != USBDEVFS_URB_TYPE_INTERRUPT) return -EINVAL;
    int end = usb_node_endpoint(node, given->endpoint);
    if (end < 0) return end;
    uint8_t kind = node->ends[end].kind, interval = node->ends[end].interval;
    if (kind != USB_ENDPOINT_XFER_INT && (kind != USB_ENDPOINT_XFER_BULK || given->type != USBDEVFS_URB_TYPE_BULK))
        return -EINVAL;
    if (kind == USB_ENDPOINT_XFER_INT)
        urb->wire.interval = node->speed >= USB_SPEED_HIGH ? 1u << MIN(MAX(interval, 1) - 1, 15) : interval;
    return usb_node_claim(file, node->ends[end].interface, FALSE);
}

static int fill(UMockdevIoctlData *data, struct urb *urb) {
    uint32_t skip = urb->type == USBDEVFS_URB_TYPE_CONTROL ? 8 : 0;
    gboolean out = !(urb->wire.endpoint & USB_DIR_IN);
    size_t offset = offsetof(struct usbdevfs_urb, buffer), length = skip != 0 || out ? urb->wire.length : 0;
    if (length == 0) return 0;
    g_autoptr(UMockdevIoctlData) bytes = umockdev_ioctl_data_resolve(data, offset, length, NULL);
    if (bytes == NULL) return -EFAULT;
    if (skip != 0) {
        memcpy(urb->wire.setup, bytes->data, 8);
        uint32_t wanted = urb->wire.setup[6] | (uint32_t)urb->wire.setup[7] << 8;
        if (wanted > urb->wire.length - 8) return -EINVAL;
        urb->wire.length = wanted;
        urb->wire.endpoint = urb->wire.setup[0] & USB_DIR_IN;
        out = urb->wire.endpoint == 0;
    }
    if (out && urb->wire.length > 0) urb->wire.data = g_memdup2(bytes->data + skip, urb->wire.length);
    return 0;
}

static int submit(struct open_file *file, UMockdevIoctlClient *client) {
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(argument, 0, sizeof(struct usbdevfs_urb), NULL);
    if (data == NULL) return -EFAULT;
    struct usbdevfs_urb given;
    memcpy(&given, data->data, sizeof given);
    struct urb *urb = g_new0(struct urb, 1);
    urb->address = data->client_addr;
    int result = describe(file, &given, urb);
    if (result == 0) result = fill(data, urb);
    if (result == 0) result = usb_node_submit(file, urb);
    if (result != 0) usb_urb_free(urb);
    return result;
}

// Only the bytes that came are copied. Resolving reads them from the client first, which cannot be helped.
static int deliver(UMockdevIoctlClient *client, const struct urb *urb) {
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    g_autoptr(UMockdevIoctlData) pointer = umockdev_ioctl_data_resolve(argument, 0, sizeof(void *), NULL);
    if (pointer == NULL) return -EFAULT;
    memcpy(pointer->data, &urb->address, sizeof(void *));
    g_autoptr(UMockdevIoctlData) data = umockdev_ioctl_data_resolve(pointer, 0, sizeof(struct usbdevfs_urb), NULL);
    if (data == NULL) return -EFAULT;
    struct usbdevfs_urb *target = (struct usbdevfs_urb *)data->data;
    target->status = urb->wire.status;
    target->actual_length = (int)urb->wire.actual;
    target->error_count = 0;
    if (urb->wire.data == NULL || urb->wire.actual == 0) return 0;
    uint32_t skip = urb->type == USBDEVFS_URB_TYPE_CONTROL ? 8 : 0;
    size_t offset = offsetof(struct usbdevfs_urb, buffer), length = skip + urb->wire.actual;
    g_autoptr(UMockdevIoctlData) bytes = umockdev_ioctl_data_resolve(data, offset, length, NULL);
    if (bytes == NULL) return -EFAULT;
    umockdev_ioctl_data_update(bytes, skip, urb->wire.data, (int)urb->wire.actual);
    return 0;
}

static int reap(struct open_file *file, UMockdevIoctlClient *client) {
    struct urb *urb = usb_node_reap(file);
    if (urb == NULL) return g_atomic_int_get(&file->node->gone) ? -ENODEV : -EAGAIN;
    int result = deliver(client, urb);
    usb_urb_free(urb);
    return result;
}

// MARK: the rest

static int get_driver(UsbNode *node, UMockdevIoctlClient *client) {
    struct usbdevfs_getdriver driver;
    if (!load(client, &driver, sizeof driver)) return -EFAULT;
    if (driver.interface >= 64 || node->owners[driver.interface] == NULL) return -ENODATA;
    g_strlcpy(driver.driver, "usbfs", sizeof driver.driver);
    return store(client, &driver, sizeof driver);
}

static int set_configuration(UsbNode *node, UMockdevIoctlClient *client, uint32_t value) {
    for (int i = 0; i < 64; i++)
        if (node->owners[i] != NULL) return -EBUSY;
    if (value == UINT32_MAX) value = 0;  // both mean: none
    return request(node, client, 0, USB_REQ_SET_CONFIGURATION, value, 0, (int)(value & 0xff));
}

static int set_interface(struct open_file *file, UMockdevIoctlClient *client) {
    struct usbdevfs_setinterface set;
    if (!load(client, &set, sizeof set)) return -EFAULT;
    int result = usb_node_claim(file, set.interface, FALSE);
    if (result != 0) return result;
    return request(file->node, client, USB_RECIP_INTERFACE, USB_REQ_SET_INTERFACE, set.altsetting, set.interface, -1);
}

static int dispatch(struct open_file *file, UMockdevIoctlClient *client) {
    UsbNode *node = file->node;
    unsigned long code = umockdev_ioctl_client_get_request(client);
    if (code == USBDEVFS_REAPURBNDELAY || code == USBDEVFS_REAPURB) return reap(file, client);
    if (g_atomic_int_get(&node->gone)) return -ENODEV;
    uint32_t word = 0;
    switch (code) {
    case USBDEVFS_CLAIMINTERFACE: case USBDEVFS_RELEASEINTERFACE: case USBDEVFS_SETCONFIGURATION:
    case USBDEVFS_CLEAR_HALT: case USBDEVFS_RESETEP: case USBDEVFS_DISCONNECT_CLAIM:
        if (!load(client, &word, sizeof word)) return -EFAULT;
    }
    switch (code) {
    case USBDEVFS_SUBMITURB: return submit(file, client);
    case USBDEVFS_DISCARDURB: {
        uint64_t address = 0;
        memcpy(&address, umockdev_ioctl_client_get_arg(client)->data, sizeof(void *));
        return usb_node_discard(file, address);
    }
    case USBDEVFS_CONTROL: return control(file, client);
    case USBDEVFS_BULK: return bulk(file, client);
    case USBDEVFS_CLAIMINTERFACE: return usb_node_claim(file, word, TRUE);
    case USBDEVFS_DISCONNECT_CLAIM: {
        int result = usb_node_claim(file, word, TRUE);
        return result == -ENOENT ? -EINVAL : result;
    }
    case USBDEVFS_RELEASEINTERFACE: return usb_node_release(file, word);
    case USBDEVFS_SETINTERFACE: return set_interface(file, client);
    case USBDEVFS_SETCONFIGURATION: return set_configuration(node, client, word);
    case USBDEVFS_CLEAR_HALT:
        if (usb_node_endpoint(node, (uint8_t)word) < 0) return -ENOENT;
        return request(node, client, USB_RECIP_ENDPOINT, USB_REQ_CLEAR_FEATURE, USB_ENDPOINT_HALT, word, -1);
    case USBDEVFS_RESETEP: return usb_node_endpoint(node, (uint8_t)word) < 0 ? -ENOENT : 0;
    // What a device sees of a reset, besides the reset: its configuration is set again.
    case USBDEVFS_RESET: return request(node, client, 0, USB_REQ_SET_CONFIGURATION, node->configuration, 0, -1);
    case USBDEVFS_GETDRIVER: return get_driver(node, client);
    case USBDEVFS_IOCTL: return -ENODATA;  // attaching and detaching kernel drivers: there are none
    case USBDEVFS_GET_SPEED: return (int)node->speed;
    case USBDEVFS_CONNECTINFO: {
        struct usbdevfs_connectinfo info = {.devnum = node->number, .slow = node->speed == USB_SPEED_LOW};
        return store(client, &info, sizeof info);
    }
    case USBDEVFS_GET_CAPABILITIES:
        word = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
        return store(client, &word, sizeof word);
    default: return -ENOTTY;
    }
}

struct patience {
    UMockdevIoctlClient *client;
    int result, rest;
};

static gboolean try_again(void *argument) {
    struct patience *patience = argument;
    struct open_file *file = g_object_get_data(G_OBJECT(patience->client), "file");
    int result = file == NULL ? -ENODEV : dispatch(file, patience->client);
    if (result == patience->result && --patience->rest > 0) return G_SOURCE_CONTINUE;
    if (result != LATER) answer(patience->client, result == -EAGAIN ? -EINTR : result);
    g_object_unref(patience->client);
    g_free(patience);
    return G_SOURCE_REMOVE;
}

static int retry(UMockdevIoctlClient *client, int result, int milliseconds) {
    struct patience *patience = g_new(struct patience, 1);
    *patience = (struct patience){g_object_ref(client), result, milliseconds};
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
    g_autoptr(GSource) source = g_timeout_source_new(1);
    g_source_set_callback(source, try_again, patience, NULL);
    g_source_attach(source, context);
    return LATER;
}

gboolean usb_node_ioctl(G_GNUC_UNUSED UMockdevIoctlBase *base, UMockdevIoctlClient *client) {
    struct open_file *file = g_object_get_data(G_OBJECT(client), "file");
    int result = file == NULL ? -ENODEV : dispatch(file, client);
    // A client's signals and other threads are held back in an ioctl, so a long wait ends as if by a signal.
    if (result == -EAGAIN && umockdev_ioctl_client_get_request(client) == USBDEVFS_REAPURB)
        result = retry(client, result, REAP_MS);
    // The holder's close() may be on its way still.
    else if (result == -EBUSY)
        result = retry(client, result, CLOSE_MS);
    if (result != LATER) answer(client, result);
    return TRUE;
}
