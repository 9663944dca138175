import QKDCore
import QKDKernels
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct KernelLevelTests {
    @Test func noValueForcesNothing() throws {
        #expect(try KernelLevel.forced(by: nil) == nil)
        #expect(try KernelLevel.forced(by: "") == nil)
    }

    @Test func everyLevelOfThisMachineCanBeForced() throws {
        #expect(KernelLevel.available.first == .scalar)
        for level in KernelLevel.available { #expect(try KernelLevel.forced(by: level.name) == level) }
    }

    @Test func aWordThatIsNoLevelIsRefused() {
        let error = #expect(throws: QKDError.self) { try KernelLevel.forced(by: "AVX") }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("scalar") == true)
    }

    @Test func aLevelThatTheMachineLacksIsRefused() {
        for level in KernelLevel.allCases where level > .best {
            let error = #expect(throws: QKDError.self) { try KernelLevel.forced(by: level.name) }
            #expect(error?.kind == .unsupported)
        }
    }

    /// What forces a level in continuous integration is in force there.
    @Test func theLevelInUseIsTheForcedOne() throws {
        let value = getenv(KernelLevel.variable).map { String(cString: $0) }
        #expect(KernelLevel.current == (try KernelLevel.forced(by: value)) ?? .best)
    }
}
