import Foundation
import QKDCore
import QKDKernels

/// What one thing that was timed gave.
public struct BenchmarkCase: Sendable, Codable, Equatable {
    /// What was timed.
    public var name: String
    /// How many it worked off in one run, and what they are.
    public var items: Int
    /// What the items are: records, tags, detections.
    public var unit: String
    /// CPU time of all threads, seconds: the median of the runs.
    public var cpuSeconds: Double
    /// Time on the wall, seconds: the median of the runs.
    public var wallSeconds: Double
    /// Items a second of CPU time.
    public var itemsPerSecond: Double
    /// What had to pass through memory, against what memory can deliver; `nil` for what stays in the caches.
    public var shareOfMemory: Double?
    /// What the work found, so that others can check it.
    public var findings: [String: Double] = [:]
}

/// What a benchmark gave.
public struct BenchmarkReport: Sendable, Codable, Equatable {
    /// Which workload: W1 to W5, pipeline, live.
    public var workload: String
    /// The seed that the workload was made of.
    public var seed: UInt64
    /// What was timed.
    public var cases: [BenchmarkCase] = []
    /// The processor, as the system names it.
    public var cpu = Machine.cpuName
    /// Cores of the machine.
    public var cores = ProcessInfo.processInfo.activeProcessorCount
    /// The level of instructions in use.
    public var level = KernelLevel.current.name
    /// What one core reads of memory in the same run, GB/s.
    public var memoryReadGBps: Double
    /// What one core copies in memory in the same run, bytes read, GB/s.
    public var memoryCopyGBps: Double
    /// The most memory that the process had, MB.
    public var peakRSSMB = 0.0
}

/// Times work: some runs, medians, and the memory's own speed beside them.
public struct Stopwatch: Sendable {
    /// Runs of each case.
    public var runs: Int
    /// What one core reads of memory, bytes a second.
    public let memoryReadPerSecond: Double
    /// What one core copies, bytes read a second.
    public let memoryCopyPerSecond: Double

    /// Measures the memory; `runs` is at least 1.
    public init(runs: Int = 5) {
        self.runs = max(1, runs)
        let memory = MemorySpeed.measure()
        memoryReadPerSecond = memory.read
        memoryCopyPerSecond = memory.copy
    }

    /// An empty report of a workload.
    public func report(_ workload: String, seed: UInt64) -> BenchmarkReport {
        BenchmarkReport(
            workload: workload, seed: seed, memoryReadGBps: memoryReadPerSecond * 1e-9,
            memoryCopyGBps: memoryCopyPerSecond * 1e-9)
    }

    /// Times `work`, which is run once before to warm up; `bytes` is what it has to read and write of memory.
    public func time(
        _ name: String, items: Int, _ unit: String, bytes: Int? = nil, warmUp: Bool = true,
        _ work: () throws -> [String: Double]
    ) throws -> BenchmarkCase {
        var (cpu, wall): ([Double], [Double]) = ([], [])
        var findings: [String: Double] = [:]
        for run in (warmUp ? -1 : 0)..<runs {
            try Task.checkCancellation()
            let (cpuStart, wallStart) = (Machine.cpuSeconds, Machine.wallSeconds)
            findings = try work()
            guard run >= 0 else { continue }
            cpu.append(Machine.cpuSeconds - cpuStart)
            wall.append(Machine.wallSeconds - wallStart)
        }
        return Self.result(name, items, unit, bytes, cpu, wall, findings, memoryReadPerSecond)
    }

    /// The same for work that waits.
    public func time(
        _ name: String, items: Int, _ unit: String, _ work: () async throws -> [String: Double]
    ) async throws -> BenchmarkCase {
        var (cpu, wall): ([Double], [Double]) = ([], [])
        var findings: [String: Double] = [:]
        for run in -1..<runs {
            try Task.checkCancellation()
            let (cpuStart, wallStart) = (Machine.cpuSeconds, Machine.wallSeconds)
            findings = try await work()
            guard run >= 0 else { continue }
            cpu.append(Machine.cpuSeconds - cpuStart)
            wall.append(Machine.wallSeconds - wallStart)
        }
        return Self.result(name, items, unit, nil, cpu, wall, findings, memoryReadPerSecond)
    }

    static func result(
        _ name: String, _ items: Int, _ unit: String, _ bytes: Int?, _ cpu: [Double], _ wall: [Double],
        _ findings: [String: Double], _ memoryReadPerSecond: Double
    ) -> BenchmarkCase {
        let seconds = max(median(cpu), 1e-9)
        return BenchmarkCase(
            name: name, items: items, unit: unit, cpuSeconds: seconds, wallSeconds: median(wall),
            itemsPerSecond: Double(items) / seconds,
            shareOfMemory: bytes.map { Double($0) / seconds / memoryReadPerSecond }, findings: findings)
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : 0.5 * (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2])
    }
}

/// What the machine tells of itself.
enum Machine {
    /// CPU time of all threads of the process, seconds.
    static var cpuSeconds: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }
    /// CPU time of this thread, seconds.
    static var threadCPUSeconds: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }
    /// Time on the wall, seconds.
    static var wallSeconds: Double { seconds(CLOCK_MONOTONIC) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The most memory that the process has had so far, MB.
    static var peakRSSMB: Double {
        var usage = rusage()
        getrusage(.init(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1000
    }

    /// The memory that the process has now, MB; 0 where the system does not tell.
    static var rssMB: Double {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return pages * Double(sysconf(CInt(_SC_PAGESIZE))) * 1e-6
    }

    /// The processor's name, where the system tells.
    static var cpuName: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }
}

/// How fast one core reads and copies memory that no cache holds.
enum MemorySpeed {
    private static let words = 1 << 25

    static func measure() -> (read: Double, copy: Double) {
        let from = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        let to = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        defer {
            from.deallocate()
            to.deallocate()
        }
        from.initialize(repeating: 1, count: words)
        to.initialize(repeating: 2, count: words)
        let bytes = Double(words * 8)
        var (read, copy) = (0.0, 0.0)
        for _ in 0..<3 {
            var start = Machine.cpuSeconds
            let sum = total(from)
            // The sum is used, so that it has to be worked out.
            if sum != 0 { read = max(read, bytes / (Machine.cpuSeconds - start)) }
            start = Machine.cpuSeconds
            to.update(from: from, count: words)
            copy = max(copy, bytes / (Machine.cpuSeconds - start))
        }
        return (read, copy)
    }

    @inline(never)
    private static func total(_ from: UnsafePointer<UInt64>) -> UInt64 {
        var sums = SIMD8<UInt64>()
        UnsafeRawPointer(from).withMemoryRebound(to: SIMD8<UInt64>.self, capacity: words / 8) { vectors in
            for index in 0..<words / 8 { sums &+= vectors[index] }
        }
        return sums.wrappedSum()
    }
}
