import QKDKernels
import QKDPhysics
import Testing

@Suite struct SplitKernelTests {
    @Test(arguments: [0, 1, 7, 8, 9, 16, 63, 1000])
    func anySides(count: Int) {
        var random = SeededGenerator(seed: 15, stream: "\(count)")
        for largest in [0, 3, 7, 255] as [UInt8] {
            let times = (0..<count).map { _ in Int64.random(in: .min ... .max, using: &random) }
            let channels = (0..<count).map { _ in UInt8.random(in: 0...largest, using: &random) }
            for sides in [0, 1, 4, 0x84, 0xFF] as [UInt8] {
                let twin = SplitKernel.splitTwin(times, channels, sides: sides)
                for level in KernelLevel.available {
                    let (without, with) = Self.split(times, channels, sides, level)
                    let isSame =
                        without.elementsEqual(twin.without, by: ==) && with.elementsEqual(twin.with, by: ==)
                    #expect(isSame, "\(level.name), \(sides)")
                }
            }
        }
    }

    /// Memory of exactly the promised size.
    private static func split(
        _ times: [Int64], _ channels: [UInt8], _ sides: UInt8, _ level: KernelLevel
    ) -> (without: [(Int64, UInt8)], with: [(Int64, UInt8)]) {
        let count = times.count
        let rooms = (0..<2).map { _ in
            SplitKernel.Room(times: .allocate(capacity: count), channels: .allocate(capacity: count))
        }
        defer { for room in rooms { Self.free(room) } }
        let first = times.withUnsafeBufferPointer { times in
            channels.withUnsafeBufferPointer {
                SplitKernel.split(times, $0, sides: sides, without: rooms[0], with: rooms[1], level: level)
            }
        }
        func tags(_ room: SplitKernel.Room, _ number: Int) -> [(Int64, UInt8)] {
            (0..<number).map { (room.times[$0], room.channels[$0]) }
        }
        return (tags(rooms[0], first), tags(rooms[1], count - first))
    }

    private static func free(_ room: SplitKernel.Room) {
        room.times.deallocate()
        room.channels.deallocate()
    }
}
