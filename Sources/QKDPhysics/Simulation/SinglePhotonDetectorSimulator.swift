/// What a simulated detector has seen and done since its start: the truth beside the clicks.
public struct DetectorCounters: Sendable, Equatable {
    /// Counts by what made the event.
    public struct ByCause: Sendable, Equatable {
        /// Photon candidates.
        public var photons = 0
        /// Dark carriers.
        public var darks = 0
        /// Carriers that a trap released.
        public var afterpulses = 0
        /// All of them.
        public var total: Int { photons + darks + afterpulses }
    }

    /// Events that made a click.
    public var clicks = ByCause()
    /// Events that fell into a dead time.
    public var lost = ByCause()
}

/// One single-photon detector, event by event: avalanches, dead time, dark counts and afterpulses.
///
/// The owner hands in primary candidates (photons that make an avalanche if the detector is live, with
/// their jitter already in the time) and asks for the clicks up to a time. Dark candidates are a Poisson
/// process over all time. Each click traps, with `afterpulseProbability`, one carrier whose release lies
/// at click + dead time + an exponential delay of `afterpulseTimePS` (an exponential has no memory, so the
/// delay past the dead time has the trap's own time constant). A release in a later click's dead time is
/// lost. The jitter stands before the dead time, as a comparator's dead time counts from its own output.
///
/// The result does not depend on how time is cut into calls: each process has its own stream.
public struct SinglePhotonDetectorSimulator: Sendable {
    /// The figures in force.
    public private(set) var model: DetectorModel
    /// Everything before this time has been decided, ps.
    public private(set) var decidedPS: Int64
    /// The truth since the start.
    public private(set) var counters = DetectorCounters()

    /// Photon candidates not yet decided, in time order from `photonHead` on.
    private var photons: [Int64] = []
    private var photonHead = 0
    /// Releases to come, latest first.
    private var releases: [Int64] = []
    private var nextDarkPS: Int64
    /// Unit-rate waiting time left while the dark rate is zero.
    private var pausedDarkUnits: Double?
    private var liveFromPS: Int64
    private var darkGenerator: SeededGenerator
    private var trapGenerator: SeededGenerator

    private static let never = Int64.max

    /// Makes a live detector at `startPS`; `name` keeps its streams apart from other detectors'.
    public init(model: DetectorModel, seed: UInt64, name: String, startPS: Int64 = 0) {
        self.model = model
        decidedPS = startPS
        liveFromPS = startPS
        nextDarkPS = Self.never
        darkGenerator = SeededGenerator(seed: seed, stream: name + "/dark")
        trapGenerator = SeededGenerator(seed: seed, stream: name + "/trap")
        scheduleDark(units: darkGenerator.exponential(), fromPS: startPS)
    }

    /// Changes the figures from `decidedPS` on; a dead time under way and trapped carriers stay.
    public mutating func setModel(_ new: DetectorModel) {
        guard new != model else { return }
        let units =
            pausedDarkUnits ?? Double(nextDarkPS - decidedPS) * 1e-12 * model.darkCountRateHz
        model = new
        scheduleDark(units: units, fromPS: decidedPS)
    }

    private mutating func scheduleDark(units: Double, fromPS: Int64) {
        let wait = units / model.darkCountRateHz * 1e12
        if model.darkCountRateHz > 0, wait < 4e18 {
            pausedDarkUnits = nil
            nextDarkPS = fromPS + Int64(wait.rounded(.up))
        } else {
            pausedDarkUnits = units
            nextDarkPS = Self.never
        }
    }

    /// Hands in a primary candidate; one that is earlier than `decidedPS` counts as at `decidedPS`.
    ///
    /// Candidates may come out of order, at a cost that grows with the disorder.
    public mutating func addPhoton(timePS: Int64) {
        let time = max(timePS, decidedPS)
        photons.append(time)
        var index = photons.count - 1
        while index > photonHead, photons[index - 1] > time {
            photons[index] = photons[index - 1]
            index -= 1
        }
        photons[index] = time
    }

    /// Decides everything before `endPS` and appends the clicks' times, in order.
    public mutating func advance(toPS endPS: Int64, into clicks: inout [Int64]) {
        while true {
            let photon = photonHead < photons.count ? photons[photonHead] : Self.never
            let release = releases.last ?? Self.never
            let time = min(photon, min(release, nextDarkPS))
            guard time < endPS else { break }
            let live = time >= liveFromPS
            if time == photon {
                photonHead += 1
                if live { counters.clicks.photons += 1 } else { counters.lost.photons += 1 }
            } else if time == release {
                releases.removeLast()
                if live { counters.clicks.afterpulses += 1 } else { counters.lost.afterpulses += 1 }
            } else {
                scheduleDark(units: darkGenerator.exponential(), fromPS: time)
                if live { counters.clicks.darks += 1 } else { counters.lost.darks += 1 }
            }
            if live {
                clicks.append(time)
                liveFromPS = time + model.deadTimePS
                trap()
            } else if model.deadTimeKind == .paralysable {
                liveFromPS = time + model.deadTimePS
            }
        }
        if photonHead == photons.count {
            photons.removeAll(keepingCapacity: true)
            photonHead = 0
        } else if photonHead > 4096 {
            photons.removeFirst(photonHead)
            photonHead = 0
        }
        decidedPS = max(decidedPS, endPS)
    }

    /// Traps a carrier at the click that has just been made, or not.
    private mutating func trap() {
        guard model.afterpulseProbability > 0, trapGenerator.uniform() <= model.afterpulseProbability else { return }
        let delay = model.afterpulseTimePS * trapGenerator.exponential()
        let time = liveFromPS + Int64(delay.rounded(.up))
        var index = releases.count
        while index > 0, releases[index - 1] < time { index -= 1 }
        releases.insert(time, at: index)
    }
}
