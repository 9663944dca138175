import QKDCore
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct DiscoveryTests {
    @Test func serialPortsAreListedInOrder() {
        let ports = SerialPorts.list()
        #expect(ports.map(\.path) == ports.map(\.path).sorted())
        #expect(Set(ports.map(\.path)).count == ports.count)
        for port in ports {
            #expect(port.path.hasPrefix("/dev/ttyACM") || port.path.hasPrefix("/dev/ttyUSB"))
            #expect(port.stablePath?.hasPrefix("/dev/serial/by-id/") != false)
            #expect(port.obstacle == nil || port.obstacle != .busy)
        }
        // Looking changes nothing.
        #expect(SerialPorts.list().map(\.path) == ports.map(\.path))
    }

    @Test func usbIsListedOrSaysThatItIsNotThere() async throws {
        do {
            let devices = try await USBBus.list()
            for device in devices {
                #expect(device.bus > 0)
                #expect(device.obstacle == nil || device.product == nil)
            }
        } catch {
            let error = error as? QKDError
            #expect(error?.kind == .io)
            #expect(error?.code.map { $0 < 0 } == true)
        }
    }

    @Test func libusbTellsItsVersion() {
        let parts = USBBus.libraryVersion.split(separator: ".")
        #expect(parts.count == 3 && parts.allSatisfy { Int($0) != nil })
        #expect(parts.first == "1")
    }
}
