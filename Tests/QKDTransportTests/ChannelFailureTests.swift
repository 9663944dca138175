import Glibc
import QKDCore
import Testing

@testable import QKDTransport

@Suite struct ChannelFailureTests {
    private struct Odd: Error {}

    @Test(arguments: [
        (ENOENT, QKDError.Kind.absent), (ENXIO, .absent), (ENODEV, .absent), (ECONNREFUSED, .absent),
        (EHOSTUNREACH, .absent), (EBUSY, .busy), (EADDRINUSE, .busy), (EPERM, .permissionDenied),
        (EACCES, .permissionDenied), (ETIMEDOUT, .timeout), (EIO, .disconnected), (EPIPE, .disconnected),
        (ECONNRESET, .disconnected), (ENOSPC, .io), (EINVAL, .io), (0, .io),
    ])
    func systemErrorsHaveKinds(code: Int32, kind: QKDError.Kind) {
        #expect(ChannelFailure.kind(ofErrno: code) == kind)
    }

    @Test func ourOwnErrorsKeepTheirKind() {
        let error = QKDError(.timeout, "late", at: .init("x"))
        #expect(ChannelFailure.named(error, endpoint: "e") == error)
        #expect(ChannelFailure.lost(error, endpoint: "e") == error)
    }

    @Test func foreignErrorsAreALostConnectionAtTheEndpoint() {
        for failure in [
            ChannelFailure.named(Odd(), endpoint: "e"), ChannelFailure.lost(CancellationError(), endpoint: "e"),
        ] {
            #expect(failure.kind == .disconnected)
            #expect(failure.place == QKDError.Place("e"))
        }
    }
}
