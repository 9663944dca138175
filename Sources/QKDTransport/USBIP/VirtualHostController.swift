import Foundation
import Glibc
import QKDCore

/// The kernel's virtual host controller (vhci_hcd): plugs an emulated device into this machine, without a network.
///
/// It takes root, and the module: `modprobe vhci-hcd`. The other end of the device's USB/IP conversation is a socket
/// that is handed to the kernel (emulation by usbip, Linux drivers/usb/usbip).
public struct VirtualHostController: Sendable {
    private let folder: String

    /// The controller of this machine; throws `absent` when the module is not loaded.
    public init(folder: String = "/sys/devices/platform/vhci_hcd.0") throws {
        self.folder = folder
        guard access("\(folder)/status", R_OK) == 0 else {
            throw QKDError(.absent, "there is no virtual host controller: 'modprobe vhci-hcd'", at: .init(folder))
        }
    }

    /// A device that is plugged in.
    public final class Plug: Sendable {
        private let session: USBIPSession
        private let loop: Task<Void, Never>

        fileprivate init(_ session: USBIPSession, on transport: any ByteTransport) {
            self.session = session
            loop = Task {
                var reader = ByteReader(transport)
                // What the kernel says is USB/IP; when it ends, the device is unplugged.
                try? await session.run(&reader)
            }
        }

        /// The port that the device is plugged into.
        public var port: USBPort { session.port }

        /// Pulls the cable.
        public func unplug() async {
            await session.end()
            await loop.value
        }
    }

    /// Plugs a device in; throws `permissionDenied`, or `busy` when no socket of its speed is free.
    public func plug(_ emulator: any USBEmulator, clock: any BenchClock) async throws -> Plug {
        let description = emulator.description
        let socket = try freeSocket()
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw QKDError(.io, "cannot make a pair of sockets", code: errno)
        }
        // The kernel takes a reference of its own.
        defer { Glibc.close(ends[1]) }
        _ = fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK)
        let transport = try await SerialTransport.adopt(
            descriptor: ends[0], endpoint: "vhci port \(socket)", on: USBIPServer.loops)
        // Bus 1, device number by the socket: the kernel only hands it back.
        let line = "\(socket) \(ends[1]) \(1 << 16 | socket + 2) \(description.speed.rawValue)"
        do {
            try await Offload.run { try write(line, to: "\(folder)/attach") }
        } catch {
            await transport.close()
            throw error
        }
        return Plug(USBIPSession(USBPort(emulator, clock: clock), on: transport), on: transport)
    }

    /// The first free socket of the high-speed hub, which takes full speed too.
    private func freeSocket() throws -> Int {
        let text = try String(contentsOfFile: "\(folder)/status", encoding: .utf8)
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            // hub, port, status; 4 is "nothing attached".
            if fields.count >= 3, fields[0] == "hs", Int(fields[2]) == 4, let port = Int(fields[1]) { return port }
        }
        throw QKDError(.busy, "every socket of the virtual host controller is taken", at: .init(folder))
    }

    private func write(_ line: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw QKDError(
                errno == EACCES ? .permissionDenied : .io, "only root may plug in emulated devices", code: errno,
                at: .init(path))
        }
        defer { Glibc.close(descriptor) }
        let bytes = Array(line.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw QKDError(.io, "the virtual host controller does not take the device", code: errno, at: .init(path))
        }
    }
}
