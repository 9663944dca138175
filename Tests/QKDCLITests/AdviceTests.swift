import QKDCore
import Testing

@testable import QKDCLI

@Suite("What the command line makes of errors")
struct AdviceTests {
    @Test("Every kind has the exit code that the manual promises")
    func exitCodes() {
        let promised: [QKDError.Kind: Int32] = [
            .absent: 69, .busy: 75, .permissionDenied: 77, .interrupted: 130, .unhealthy: 2, .noLock: 2,
            .invalidInput: 64, .outOfRange: 64, .disconnected: 1, .timeout: 1, .protocolViolation: 1, .refused: 1,
            .unsupported: 1, .dataLoss: 1, .io: 1,
        ]
        #expect(promised.count == QKDError.Kind.allCases.count)
        for kind in QKDError.Kind.allCases { #expect(Advice.exitCode(kind) == promised[kind], "\(kind)") }
    }

    @Test("A device's permission has a remedy that names the rules or the group")
    func remedies() throws {
        let port = QKDError(.permissionDenied, "x", at: .init("/dev/ttyACM0"))
        #expect(try #require(Advice.remedy(port)).contains("dialout"))
        let busy = QKDError(.busy, "x", at: .init("/dev/ttyACM0"))
        #expect(try #require(Advice.remedy(busy)).contains("fuser -v /dev/ttyACM0"))
        let listening = QKDError(.busy, "x", at: .init("usbip:127.0.0.1:3240"))
        #expect(try #require(Advice.remedy(listening)).contains("another port"))
        #expect(Advice.remedy(QKDError(.absent, "x", at: .init("tcp:10.0.0.1:80")))?.contains("network") == true)
        #expect(Advice.remedy(QKDError(.invalidInput, "x")) == nil)
    }
}
