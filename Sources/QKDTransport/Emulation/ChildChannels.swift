import Foundation
import NIOCore

/// The connections that a listening emulator has accepted, so that all of them end when it stops.
final class ChildChannels: @unchecked Sendable {
    private let lock = NSLock()
    private var channels: [ObjectIdentifier: any Channel] = [:]

    func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        lock.withLock { channels[key] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            guard let self else { return }
            _ = self.lock.withLock { self.channels.removeValue(forKey: key) }
        }
    }

    /// Closes every connection and waits until it is closed.
    func closeAll() async {
        for channel in lock.withLock({ Array(channels.values) }) {
            try? await channel.close().get()  // "already closed" is what we want
        }
    }
}
