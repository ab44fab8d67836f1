/** Imports point one way: contracts ← core/domain ← core adapters ← apps. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'contracts-import-zod-only',
      severity: 'error',
      from: { path: '^packages/contracts/' },
      to: { pathNot: '^packages/contracts/|node_modules/zod/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain knows the contracts and nothing of MongoDB, Redis, HDFS or HTTP.',
      severity: 'error',
      from: { path: '^packages/core/src/domain/', pathNot: '\\.test\\.ts$' },
      to: {
        pathNot: '^packages/core/src/domain/|^packages/contracts/|node_modules/ulid/|^(node:)?crypto$|^(node:)?path$',
      },
    },
    {
      name: 'core-knows-no-app',
      severity: 'error',
      from: { path: '^packages/core/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(apps|infra|bench|packages/testkit)/' },
    },
    {
      name: 'apps-are-apart',
      comment: 'Apps meet through the contracts, MongoDB and Redis only.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'ui-knows-contracts-only',
      severity: 'error',
      from: { path: '^apps/ui/', pathNot: '/test/' },
      to: { path: '^packages/', pathNot: '^packages/contracts/' },
    },
    {
      name: 'testkit-in-tests-only',
      severity: 'error',
      from: { path: '^(apps|packages/core)/', pathNot: '\\.test\\.ts$|/test/' },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'only-main-reads-the-environment-of-others',
      comment: 'The database driver and BullMQ are reached through core.',
      severity: 'error',
      from: { path: '^apps/api/src/' },
      to: { path: 'node_modules/(bullmq|ioredis|webhdfs)/' },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^\\$(app|lib|env)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(build|dist|\\.svelte-kit)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.svelte.ts'],
    },
  },
};
