import CQKDSystem
import NIOCore
import NIOPosix
import QKDCore

/// Serial ports: raw, 8N1, any baud rate, held by one process alone; a hang-up shows as `disconnected`.
public enum SerialTransport {
    /// Opens the tty at `path`.
    ///
    /// Throws `absent`, `busy`, `permissionDenied` or `invalidInput` (not a tty) with the `errno`.
    public static func open(path: String, baud: Int) async throws -> ChannelTransport {
        guard baud > 0, baud <= 12_000_000 else {
            throw QKDError(.outOfRange, "no serial port runs at \(baud) baud", at: .init(path))
        }
        let descriptor = try await Offload.run { qkd_serial_open(path, UInt32(baud)) }
        guard descriptor >= 0 else { throw failure(errno: -descriptor, path: path) }
        return try await adopt(descriptor: descriptor, endpoint: path)
    }

    /// Wraps an open, non-blocking descriptor, which the transport owns from then on.
    static func adopt(
        descriptor: CInt, endpoint: String, on loops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> ChannelTransport {
        let inboxes = NIOLoopBoundInbox()
        do {
            let channel = try await NIOPipeBootstrap(group: loops)
                .channelInitializer { channel in
                    ChannelTransport.install(on: channel, endpoint: endpoint).map { inboxes.put($0) }
                }
                .takingOwnershipOfDescriptor(inputOutput: descriptor)
                .get()
            guard let inbox = inboxes.inbox else {
                throw QKDError(.io, "the port's channel did not come up", at: .init(endpoint))
            }
            return ChannelTransport(endpoint: endpoint, channel: channel, inbox: inbox)
        } catch {
            throw ChannelFailure.named(error, endpoint: endpoint)
        }
    }

    private static func failure(errno code: CInt, path: String) -> QKDError {
        let place = QKDError.Place(path)
        return switch code {
        case 25: QKDError(.invalidInput, "this is not a serial port", code: code, at: place)  // ENOTTY
        case 2: QKDError(.absent, "there is no such port", code: code, at: place)
        case 16: QKDError(.busy, "another program holds this port", code: code, at: place)
        case 13: QKDError(.permissionDenied, "this user may not open the port", code: code, at: place)
        default: QKDError(ChannelFailure.kind(ofErrno: code), "cannot open the port", code: code, at: place)
        }
    }
}
