# Every image of Outrigger, one target each, from nothing but what `npm run bundle` lays out in dist/:
#
#   npm run bundle && docker build --target daprd --tag outrigger/daprd .
#
# buildah works as well: buildah bud --isolation chroot --target daprd …

FROM scratch AS node
COPY dist/root/ /
USER 65532:65532

FROM node AS outrigger
ENV NODE_OPTIONS="--disable-warning=ExperimentalWarning --max-semi-space-size=8 --v8-pool-size=1 --expose-gc" MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=65536

FROM outrigger AS control-plane
COPY dist/sentry /opt/sentry
COPY dist/operator /opt/operator
COPY dist/injector /opt/injector
COPY dist/launchers/sentry dist/launchers/operator dist/launchers/injector /

FROM outrigger AS components
COPY dist/component-host /opt/component-host
COPY dist/launchers/component-host /
ENTRYPOINT ["/component-host"]

FROM outrigger AS daprd
COPY dist/component-host /opt/component-host
COPY dist/components /components
COPY dist/daprd /opt/daprd
COPY dist/launchers/daprd /
# No entry point: the injector, as Dapr's, gives /daprd as the first argument.
CMD ["/daprd"]
