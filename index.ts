export { KisApi } from './credentials/KisApi.credentials';
export { KisToken } from './nodes/KisToken/KisToken.node';
