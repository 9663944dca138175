// Open files, claims and URBs of a usbdevfs node; what the ioctls say is in usbdevfs_ioctls.c.
#define _GNU_SOURCE
#include "usbdevfs_node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_TYPE(UsbNode, usb_node, UMOCKDEV_TYPE_IOCTL_BASE)

// A client's poll() sees the pipe: writable, which is what libusb waits for, only while an URB is to be reaped.
// Otherwise a client would spin, for a plain file is always ready.
static void show(UsbNode *node) {
    char bytes[4096] = {0};
    gboolean ready = node->done > 0;
    if (ready == node->ready) return;
    node->ready = ready;
    while ((ready ? read(node->fifo, bytes, sizeof bytes) : write(node->fifo, bytes, sizeof bytes)) > 0) {}
}

void usb_urb_free(struct urb *urb) {
    g_free(urb->wire.data);
    g_free(urb);
}

static void done(struct usbip_urb *wire) {
    struct urb *urb = (struct urb *)wire;
    UsbNode *node = urb->node;
    g_mutex_lock(&node->lock);
    struct open_file *file = urb->file;
    if (file != NULL) {
        g_hash_table_remove(file->flying, &urb->address);
        g_queue_push_tail(&file->done, urb);
        node->done++;
        show(node);
    }
    g_mutex_unlock(&node->lock);
    if (file == NULL) usb_urb_free(urb);
}

int usb_node_submit(struct open_file *file, struct urb *urb) {
    UsbNode *node = file->node;
    urb->wire.done = done;
    urb->node = node;
    urb->file = file;
    g_mutex_lock(&node->lock);
    gboolean twice = g_hash_table_contains(file->flying, &urb->address);
    if (!twice) g_hash_table_insert(file->flying, &urb->address, urb);
    g_mutex_unlock(&node->lock);
    if (twice) return -EINVAL;
    if (usbip_submit(node->link, &urb->wire)) return 0;
    g_mutex_lock(&node->lock);
    g_hash_table_remove(file->flying, &urb->address);
    g_mutex_unlock(&node->lock);
    return -ENODEV;
}

int usb_node_discard(struct open_file *file, uint64_t address) {
    UsbNode *node = file->node;
    uint32_t seqnum = 0;
    g_mutex_lock(&node->lock);
    struct urb *urb = g_hash_table_lookup(file->flying, &address);
    if (urb != NULL && !urb->ending) {
        urb->ending = TRUE;
        seqnum = urb->wire.seqnum;
    }
    g_mutex_unlock(&node->lock);
    if (seqnum == 0) return -EINVAL;
    usbip_unlink(node->link, seqnum);
    return 0;
}

struct urb *usb_node_reap(struct open_file *file) {
    UsbNode *node = file->node;
    g_mutex_lock(&node->lock);
    struct urb *urb = g_queue_pop_head(&file->done);
    if (urb != NULL) node->done--;
    show(node);
    g_mutex_unlock(&node->lock);
    return urb;
}

// Asks for an early end of the file's URBs on one interface, or (interface < 0) of all, disowning those.
static void end_urbs(struct open_file *file, int interface) {
    UsbNode *node = file->node;
    GHashTableIter iterator;
    void *value;
    g_autoptr(GArray) seqnums = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_mutex_lock(&node->lock);
    g_hash_table_iter_init(&iterator, file->flying);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        struct urb *urb = value;
        int end = usb_node_endpoint(node, urb->wire.endpoint);
        if (interface >= 0 && (end < 0 || node->ends[end].interface != interface)) continue;
        urb->ending = TRUE;
        if (interface < 0) urb->file = NULL;
        g_array_append_val(seqnums, urb->wire.seqnum);
    }
    g_mutex_unlock(&node->lock);
    for (guint i = 0; i < seqnums->len; i++) usbip_unlink(node->link, g_array_index(seqnums, uint32_t, i));
}

int usb_node_endpoint(UsbNode *node, uint8_t address) {
    int end = (address & 0x0f) | (address & 0x80 ? 16 : 0);
    return (address & 0x70) == 0 && node->ends[end].there ? end : -ENOENT;
}

int usb_node_claim(struct open_file *file, uint32_t interface, gboolean explicitly) {
    UsbNode *node = file->node;
    if (interface >= 64) return -EINVAL;
    g_mutex_lock(&node->lock);
    struct open_file *owner = node->owners[interface];
    int result = !(node->interfaces >> interface & 1) ? -ENOENT : owner != NULL && owner != file ? -EBUSY : 0;
    if (result == 0) node->owners[interface] = file;
    g_mutex_unlock(&node->lock);
    // The kernel claims it, too, and complains in its log.
    if (result == 0 && owner == NULL && !explicitly)
        fprintf(stderr, "usbdevfs-host: a process did not claim interface %u before use\n", interface);
    return result;
}

int usb_node_release(struct open_file *file, uint32_t interface) {
    UsbNode *node = file->node;
    if (interface >= 64) return -EINVAL;
    g_mutex_lock(&node->lock);
    gboolean held = node->owners[interface] == file;
    if (held) node->owners[interface] = NULL;
    g_mutex_unlock(&node->lock);
    if (held) end_urbs(file, (int)interface);
    return held ? 0 : -EINVAL;
}

static void read_configuration(UsbNode *node, const uint8_t *bytes, size_t count) {
    uint8_t interface = 0;
    for (size_t at = 0; at + 2 <= count && bytes[at] >= 2 && at + bytes[at] <= count; at += bytes[at]) {
        const uint8_t *part = bytes + at;
        if (part[1] == USB_DT_INTERFACE && part[0] >= USB_DT_INTERFACE_SIZE) {
            interface = part[2] & 63;
            node->interfaces |= (uint64_t)1 << interface;
        } else if (part[1] == USB_DT_ENDPOINT && part[0] >= USB_DT_ENDPOINT_SIZE) {
            int end = (part[2] & 0x0f) | (part[2] & 0x80 ? 16 : 0);
            node->ends[end].there = TRUE;
            node->ends[end].interface = interface;
            node->ends[end].kind = part[3] & USB_ENDPOINT_XFERTYPE_MASK;
            node->ends[end].interval = part[6];
        }
    }
}

int usb_node_configure(UsbNode *node, uint32_t value) {
    const uint8_t *bytes = node->descriptors->data;
    size_t count = node->descriptors->len, at = USB_DT_DEVICE_SIZE;
    g_mutex_lock(&node->lock);
    int result = value == 0 ? 0 : -EINVAL;
    while (result != 0 && at + USB_DT_CONFIG_SIZE <= count) {
        size_t total = bytes[at + 2] | (size_t)bytes[at + 3] << 8;
        if (total < USB_DT_CONFIG_SIZE || at + total > count) break;
        if (bytes[at + 5] == value) result = 0;
        else at += total;
    }
    if (result == 0) {
        node->configuration = value;
        node->interfaces = 0;
        memset(node->ends, 0, sizeof node->ends);
        if (value != 0) read_configuration(node, bytes + at, bytes[at + 2] | (size_t)bytes[at + 3] << 8);
    }
    g_mutex_unlock(&node->lock);
    if (result == 0 && node->configured != NULL) node->configured(node);
    return result;
}

static void close_file(void *argument) {
    struct open_file *file = argument;
    UsbNode *node = file->node;
    end_urbs(file, -1);
    g_mutex_lock(&node->lock);
    for (int i = 0; i < 64; i++)
        if (node->owners[i] == file) node->owners[i] = NULL;
    node->done -= file->done.length;
    show(node);
    g_mutex_unlock(&node->lock);
    g_queue_clear_full(&file->done, (GDestroyNotify)usb_urb_free);
    g_hash_table_unref(file->flying);
    g_free(file);
    g_object_unref(node);
}

static void connection_changed(UMockdevIoctlClient *client) {
    if (!umockdev_ioctl_client_get_connected(client)) g_object_set_data(G_OBJECT(client), "file", NULL);
}

static void client_connected(UMockdevIoctlBase *base, UMockdevIoctlClient *client) {
    struct open_file *file = g_new0(struct open_file, 1);
    file->node = g_object_ref(USB_NODE(base));
    file->flying = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_queue_init(&file->done);
    // A client that dies within an ioctl is only noticed by its object's end.
    g_object_set_data_full(G_OBJECT(client), "file", file, close_file);
    g_signal_connect(client, "notify::connected", G_CALLBACK(connection_changed), NULL);
}

// A node reads as its descriptors.
static gboolean handle_read(UMockdevIoctlBase *base, UMockdevIoctlClient *client) {
    UsbNode *node = USB_NODE(base);
    UMockdevIoctlData *buffer = umockdev_ioctl_client_get_arg(client);
    struct open_file *file = g_object_get_data(G_OBJECT(client), "file");
    size_t count = MIN(node->descriptors->len - file->offset, (size_t)buffer->data_len);
    if (count > 0) umockdev_ioctl_data_update(buffer, 0, node->descriptors->data + file->offset, (int)count);
    file->offset += count;
    umockdev_ioctl_client_complete(client, (long)count, 0);
    return TRUE;
}

static gboolean handle_write(G_GNUC_UNUSED UMockdevIoctlBase *base, UMockdevIoctlClient *client) {
    umockdev_ioctl_client_complete(client, -1, EINVAL);
    return TRUE;
}

UsbNode *usb_node_new(struct usbip_link *link, uint32_t speed, uint32_t number, GByteArray *descriptors, int fifo) {
    UsbNode *node = g_object_new(USB_TYPE_NODE, NULL);
    node->link = link;
    node->speed = speed;
    node->number = number;
    node->descriptors = descriptors;
    node->fifo = fifo;
    node->ready = TRUE;
    show(node);
    usb_node_configure(node, descriptors->data[USB_DT_DEVICE_SIZE + 5]);
    return node;
}

void usb_node_unplug(UsbNode *node) {
    g_atomic_int_set(&node->gone, TRUE);
}

static void finalize(GObject *object) {
    UsbNode *node = USB_NODE(object);
    usbip_free(node->link);
    g_byte_array_unref(node->descriptors);
    close(node->fifo);
    g_mutex_clear(&node->lock);
    G_OBJECT_CLASS(usb_node_parent_class)->finalize(object);
}

static void usb_node_init(UsbNode *node) { g_mutex_init(&node->lock); }

static void usb_node_class_init(UsbNodeClass *class) {
    UMockdevIoctlBaseClass *base = UMOCKDEV_IOCTL_BASE_CLASS(class);
    base->handle_ioctl = usb_node_ioctl;
    base->handle_read = handle_read;
    base->handle_write = handle_write;
    base->client_connected = client_connected;
    G_OBJECT_CLASS(class)->finalize = finalize;
}
